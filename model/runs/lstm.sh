#!/bin/sh
# Makes model/ttm_lab/checkpoints/lstm.safetensors from nothing, on one CPU core.
#
#   model/runs/lstm.sh
#
# About twenty processor minutes. Nothing is fetched: the training streams are synthetic. An
# interrupted run continues from data/trained/lstm.safetensors.run. The seed is fixed; the last bits
# of the weights depend on the processor and on torch, and so does the sha256.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=data/trained/lstm.safetensors
export OMP_NUM_THREADS=1
mkdir -p data/trained

"$python" -m ttm_lab.training --system lstm --steps 8000 --seed 0 --learning-rate 2e-3 \
    --batch 8 --horizon 512 --back 4 --device cpu --resume --out "$out"
cp "$out" model/ttm_lab/checkpoints/lstm.safetensors
sha256sum "$out"
echo "Put the printed sha256 into SHA256 in model/ttm_lab/training/pins.py and the card."
