#!/usr/bin/env bash
# What a newcomer does: clone, make a virtual environment, type the README's two commands.
#
#   scripts/fresh_clone_check.sh            with the default Python
#   PYTHON=python3.13 scripts/fresh_clone_check.sh
#
# Only what is committed is cloned. The commands run word for word as they stand in the README.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

commands=(
    "pip install . && cairnet train lenet5"
    "pip install '.[test]' && pytest"
)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

git clone --quiet "file://$repository" "$scratch/cairnet"
cd "$scratch/cairnet"
echo "commit: $(git log -1 --format='%h %s')"

"${PYTHON:-python3}" -m venv "$scratch/environment"
# shellcheck disable=SC1091
source "$scratch/environment/bin/activate"
python --version

# A cache of its own, so that the first run is a first run.
export CAIRNET_CACHE="$scratch/cache"

for command in "${commands[@]}"; do
    if ! grep --quiet --fixed-strings -- "$command" README.md; then
        echo "README.md does not show the command: $command" >&2
        exit 1
    fi
done

for command in "${commands[@]}"; do
    printf '\n===== %s =====\n' "$command"
    start=$SECONDS
    bash -c "$command"
    echo "took $((SECONDS - start)) s"
done

for file in lenet5.safetensors ./*.png; do
    [ -s "$file" ] || { echo "training left no $file" >&2; exit 1; }
    echo "left: $file ($(stat -c %s "$file") bytes)"
done
[ -z "$(git status --porcelain)" ] || { echo "the checkout changed:"; git status --short; exit 1; }
echo "both commands passed"
