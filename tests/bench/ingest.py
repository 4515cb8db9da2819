def bench_ingest(bench):
    return []
