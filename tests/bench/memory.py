def bench_memory(bench):
    return []
