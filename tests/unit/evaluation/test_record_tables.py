"""Tables of what a model's records say: every figure once, under its name."""

import msgspec

from emo_core import SOFTWARE
from emo_core.evaluation import record_tables
from emo_core.evaluation.clip_metrics import summarize
from emo_core.evaluation.html_report import to_html
from emo_core.evaluation.model_comparison import compare
from emo_core.evaluation.text import to_csv
from emo_core.measured import read_measured
from emo_core.method_records import Ablation
from emo_core.records import Protocols, ProtocolScores
from tests.conftest import MODEL
from tests.evaluations import make_evaluation
from tests.tiny import read_json

SPLIT = ProtocolScores(accuracy=0.9, macro_f1=0.8, interval_over_people=(0.7, 0.95))


def whole(table):
    header, rows = table
    assert rows
    assert {len(row) for row in rows} == {len(header)}
    return to_csv(table, {"software": SOFTWARE})


def test_the_shipped_records_become_tables():
    metrics = read_json(MODEL / "metrics.json")
    assert len(whole(record_tables.protocol_table(msgspec.convert(metrics["protocols"], Protocols))).splitlines()) >= 3
    ablation = read_measured(metrics).ablation
    assert whole(record_tables.variant_table(ablation)).count("lstm") == sum(
        row.reader == "lstm" for row in ablation.variants
    )
    assert "q_scores" in whole(record_tables.effect_table(ablation))


def test_protocols_with_leakage_and_without_intervals():
    table = record_tables.protocol_table(Protocols(random=SPLIT, subject=SPLIT, leakage=0.1))
    assert [row[0] for row in table[1]] == ["random", "subject", "leakage"]
    assert "random,0.9,0.7,0.95,0.8,," in whole(table)


def test_history_and_comparison():
    rows = [{"epoch": 1.0, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7}, {"epoch": 2.0}]
    assert "head,1.0,0.5,0.8,0.6,0.7" in whole(record_tables.history_table({"head": rows}))
    found = compare(make_evaluation(skill=0.5), make_evaluation(skill=3.0))
    told = whole(record_tables.comparison_table(found, "a", "b")).splitlines()
    assert told[0] == "path,label,a,b,software"
    assert told[1].endswith(f",{SOFTWARE}")
    assert len(told) == len(found.differing) + 1


def test_nothing_measured_gives_no_rows_and_no_section():
    assert record_tables.protocol_table(Protocols())[1] == record_tables.effect_table(Ablation())[1] == []
    evaluation = make_evaluation(num_people=2)
    more = {
        "Two protocols": record_tables.protocol_table(Protocols()),
        "Splits": record_tables.protocol_table(Protocols(random=SPLIT)),
    }
    html = to_html(evaluation, summarize(evaluation), more)
    assert "<h2>Splits</h2>" in html
    assert "<h2>Two protocols</h2>" not in html
