#!/bin/sh
# Installs into /opt/ttmserve, by hash, and leaves out what no process of ours reads.
#   install-locked --tools REQUIREMENTS      (what builds our wheel; beside, in /opt/build)
#   install-locked --hashed REQUIREMENTS
#   install-locked --torch CONSTRAINTS INDEX [SHA256]
#   install-locked --own WHEEL
# This is run in the build's own stages only, never in an image.
set -eu

# An authority of one's own, where the index has one (a build secret).
if [ -f /run/secrets/build_ca ]; then export PIP_CERT=/run/secrets/build_ca; fi

install() { pip --python /opt/ttmserve/bin/python install --no-deps --no-compile "$@"; }

case $1 in
--tools)
    pip install --no-deps --require-hashes -r "$2"
    exit
    ;;
--hashed)
    install --require-hashes -r "$2"
    ;;
--torch)
    torch=$(grep '^torch==' "$2")
    if [ -n "${4:-}" ]; then
        echo "$torch --hash=sha256:$4" >/tmp/torch.txt
        install --require-hashes --index-url "$3" -r /tmp/torch.txt
    else
        echo "TORCH_SHA256 is not given: torch is pinned by its version alone"
        install --index-url "$3" "$torch"
    fi
    ;;
--own)
    install --no-index "$2"
    ;;
esac

cd /opt/ttmserve/lib/python3*/site-packages
# Tests, headers, type stubs and static libraries.
find . -depth -type d -name tests -exec rm -rf {} +
find . -type f \( -name '*.pyi' -o -name '*.a' -o -name '*.h' -o -name '*.hpp' -o -name '*.cuh' \) -delete
rm -rf torch/include torch/test torch/share
# torch looks for its shm manager at import; its other programs are tests and a compiler of protobuf.
find . -path './torch/bin/*' -type f ! -name torch_shm_manager -delete
find . -path './torch/lib/*_test.so' -delete
# Other shapes of the voice detector than the two that are used.
find silero_vad/data -type f ! -name silero_vad_16k.safetensors \
    ! -name silero_vad_16k_sequence.onnx ! -name '__init__*' -delete 2>/dev/null || true
