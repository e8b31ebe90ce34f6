"""From a table to records, for tables that `bench --data TABLE` cannot read by itself: one row a query, one column a model.

    python3 examples/records_from_pandas.py lab.csv records.jsonl --query question --benchmark dataset --cost-prefix cost_
    deno task bench --data ./records.jsonl

Every column that is not named by a flag and is not a cost is a model, with its score for the query: 0 to 1, empty where
the model was not asked. A cost column is the prefix and the model's name, in US dollars. docs/data.md describes every
field of a record.
"""
import argparse
import json
import sys

import pandas as pd


def text(value, column, row):
    """A cell that must not be empty."""
    if pd.isna(value) or not str(value).strip():
        raise SystemExit(f"row {row + 1}: column {column!r} is empty")
    return str(value)


def models_of(table, named, cost_prefix):
    """The columns of scores, each checked."""
    models = [c for c in table if c not in named and not c.startswith(cost_prefix)]
    for model in models:
        scores = table[model].dropna()
        if not pd.api.types.is_numeric_dtype(scores) or not scores.between(0, 1).all():
            raise SystemExit(
                f"column {model!r}: expected a model's scores from 0 to 1; if it is something else, name it with "
                "--query, --benchmark, --task, --id or --ignore"
            )
        twins = [m for m in models if m != model and m.endswith(model)]
        if twins:
            raise SystemExit(f"column {twins[0]!r} looks like a cost of {model!r}: give --cost-prefix")
    if not models:
        raise SystemExit("no column of scores")
    return models


def records(table, models, flags):
    """Yields one record a row."""
    for position, (_, row) in enumerate(table.iterrows()):
        record = {
            "id": text(row[flags.id], flags.id, position) if flags.id else f"q{position:06d}",
            "benchmark": text(row[flags.benchmark], flags.benchmark, position) if flags.benchmark else "mine",
            "query": text(row[flags.query], flags.query, position),
            "scores": {m: float(row[m]) for m in models if pd.notna(row[m])},
        }
        if flags.task and pd.notna(row[flags.task]):
            record["task"] = str(row[flags.task])
        costs = {m: row.get(flags.cost_prefix + m) for m in record["scores"]}
        known = {m: float(cost) for m, cost in costs.items() if cost is not None and pd.notna(cost)}
        if known:
            record["costs"] = known
        yield record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", help=".csv or .parquet")
    parser.add_argument("records", help="the .jsonl to write")
    parser.add_argument("--query", default="query", help="column of the query's text")
    parser.add_argument("--benchmark", help="column of where the query comes from; without it all are one")
    parser.add_argument("--task", help="column of a finer label")
    parser.add_argument("--id", help="column of ids; without it rows are numbered")
    parser.add_argument("--cost-prefix", default="cost:", help='how cost columns begin, e.g. "cost_"')
    parser.add_argument("--ignore", action="append", default=[], help="a column to leave out; may be repeated")
    flags = parser.parse_args()

    read = pd.read_parquet if flags.table.endswith(".parquet") else pd.read_csv
    table = read(flags.table)
    table.columns = [str(c) for c in table.columns]
    named = [c for c in [flags.query, flags.benchmark, flags.task, flags.id, *flags.ignore] if c]
    for column in named:
        if column not in table:
            raise SystemExit(f"no column {column!r}; there are: {', '.join(table.columns)}")
    models = models_of(table, named, flags.cost_prefix)
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records(table, models, flags)]
    with open(flags.records, "w", encoding="utf-8") as out:
        out.writelines(lines)
    priced = [m for m in models if flags.cost_prefix + m in table]
    print(f"{len(lines)} records in {flags.records}; models: {', '.join(models)}")
    print(f"costs of {len(priced)} of {len(models)} models" + (f" ({', '.join(priced)})" if priced else ""))
    gaps = {m: int(table[m].isna().sum()) for m in models if table[m].isna().any()}
    if gaps:
        print("not asked: " + ", ".join(f"{m} {n} queries" for m, n in gaps.items()), file=sys.stderr)


if __name__ == "__main__":
    main()
