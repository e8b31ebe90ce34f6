"""From a table to records: one row a query, one column of scores a model.

    python3 examples/records_from_pandas.py my_table.csv my_records.jsonl
    deno task bench --data ./my_records.jsonl

The table has a column `query` and, where you have them, `id`, `benchmark` and `task`. Every other column is a model,
with its score for the query: 0 to 1, empty where the model was not asked. A column `cost:MODEL` holds what the answer
cost in US dollars. docs/data.md describes every field of a record.
"""
import json
import sys

import pandas as pd

ABOUT_THE_QUERY = ["id", "benchmark", "task", "query"]


def records(table: pd.DataFrame):
    """Yields one record a row."""
    missing = [c for c in ["query"] if c not in table]
    if missing:
        raise SystemExit(f"expected a column {missing[0]!r}, got {', '.join(map(str, table.columns))}")
    costs = [c for c in table if str(c).startswith("cost:")]
    models = [c for c in table if c not in ABOUT_THE_QUERY + costs]
    for model in models:
        scores = table[model].dropna()
        if not pd.api.types.is_numeric_dtype(scores) or not scores.between(0, 1).all():
            raise SystemExit(f"column {model!r}: expected scores from 0 to 1")
    for position, row in table.iterrows():
        record = {
            "id": str(row.get("id", f"q{position:06d}")),
            "benchmark": str(row.get("benchmark", "mine")),
            "query": str(row["query"]),
            "scores": {m: float(row[m]) for m in models if pd.notna(row[m])},
        }
        if "task" in table and pd.notna(row["task"]):
            record["task"] = str(row["task"])
        known = {c[len("cost:"):]: float(row[c]) for c in costs if pd.notna(row[c])}
        if known:
            record["costs"] = known
        yield record


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    source, target = sys.argv[1:]
    read = pd.read_parquet if source.endswith(".parquet") else pd.read_csv
    table = read(source)
    with open(target, "w", encoding="utf-8") as out:
        for record in records(table):
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    print(f"{len(table)} records in {target}")


if __name__ == "__main__":
    main()
