"""The commands that need the encoders, reached as `triseek align`, `triseek evaluate`."""

import click

from app.cli.commands import Commands
from workers.cli.align import align
from workers.cli.bench_ingest import bench_ingest
from workers.cli.bench_query import bench_query
from workers.cli.bench_rank import bench_rank
from workers.cli.bench_reindex import bench_reindex
from workers.cli.bench_size import bench_size
from workers.cli.compare import compare
from workers.cli.evaluate import evaluate
from workers.cli.leave_one_out import leave_one_out
from workers.cli.licences import licences
from workers.cli.rerank import rerank
from workers.cli.weigh import weigh
from workers.cli.weights import weights


@click.group(cls=Commands)
def main() -> None:
    """Train and measure alignments and rankings."""


align.add_command(leave_one_out)
align.add_command(compare)
align.add_command(weigh)
align.add_command(rerank)
main.add_command(align)
main.add_command(evaluate)
main.add_command(weights)
main.add_command(bench_ingest)
main.add_command(bench_query, name="bench-query")
main.add_command(bench_rank)
main.add_command(bench_reindex)
main.add_command(bench_size)
main.add_command(licences)

if __name__ == "__main__":
    main(prog_name="triseek")
