#!/bin/sh
# Lays the seeds of the fuzz targets into fuzz/corpus: this repository's own fixtures, and what runs wrote (fuzz/seeds).
set -eu
cd "$(dirname "$0")/.."
seed() { # target, files
    target=$1
    shift
    mkdir -p "fuzz/corpus/$target"
    for file in "$@"; do
        [ -f "$file" ] && cp "$file" "fuzz/corpus/$target/$(echo "$file" | tr '/' '-')"
    done
    return 0
}
for target in junit json_reports tap gotest; do seed "$target" fixtures/import/tests/* fixtures/release/results/*; done
seed coverage fixtures/import/coverage/*
seed logs fixtures/import/logs/* fixtures/release/staging/*.jsonl
seed metrics fixtures/import/metrics/* fixtures/release/staging/*.json
seed config fixtures/release/gonogo.yaml fixtures/apps/*/gonogo.yaml
seed evidence fuzz/seeds/evidence.jsonl
seed record src/record/sample/* fuzz/seeds/ledger.jsonl
seed secret src/secret/*.rs src/record/sample/* fixtures/apps/*/src/*
