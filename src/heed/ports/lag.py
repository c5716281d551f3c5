"""How far the engine is behind, in one statement: `lane, accepted, carried, rows on their way to the lake`."""

LAG_QUERY = """
select head.lane, head.seq, coalesce(done.seq, 0),
       (select coalesce(sum(count), 0)::bigint from lake_outbox)
from ledger_head as head left join carry_progress as done using (lane) order by head.lane
"""
