#!/bin/sh
# Lays the seeds of the fuzz targets into fuzz/corpus: this repository's own fixtures, and a record when one was written.
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
seed evidence fixtures/evidence/*.jsonl fixtures/evidence/*/*.jsonl
seed record src/record/sample/* gonogo-report/record/ledger.jsonl gonogo-report/record/*.json
seed secret src/secret/*.rs src/record/sample/* fixtures/apps/*/src/*
