def bench_commit(bench):
    return []
