namespace Sophia.Continuity;

/// <summary>What a data folder's log.db and platform.db hold that goes to PostgreSQL: everything.</summary>
internal static class MovedTables
{
    private static readonly MovedTable GrainState = new("grain_state", "grain, name", "grain:t name:t etag:t format:i key_id:i state:b");

    public static readonly IReadOnlyList<MovedTable> OfTenant =
    [
        new("streams", "id", "id:i name:t type:i records:i deleted:i horizon:m"),
        new("names", "id", "id:i name:t"),
        new("log", "position", "position:i type:i format:i key_id:i stream_id:i version:i operation:i previous:i at:m run_id:i key:k hash:b payload:b", "stream_id"),
        new("heads", "stream_id, key", "stream_id:i key:k position:i version:i operation:i partition_id:i hash:b", "stream_id"),
        new("owners", "owner", "owner:t epoch:i position:i"),
        new("once", "key", "key:t position:i at:m"),
        new("checkpoints", "pipeline, partition", "pipeline:t partition:t state:t run:t at:m"),
        new("sync_logs", "run_id", "run_id:t id:i pipeline:t definition_version:i dry_run:o state:t reason:t started_at:z updated_at:z ended_at:z paused_seconds:r records_in:i records_valid:i "
            + "records_quarantined:i records_duplicate:i records_stored:i records_deleted:i records_chunked:i bytes:i unreadable:i partitions_total:i partitions_done:i quality_sum:r "
            + "quality_records:i error:t last_position:i records_filtered:i values_nulled:i records_blocked:i"),
        new("unreadable", "run_id, path", "run_id:t path:t reason:t bytes:i"),
        new("quarantine", "id", "id:i format:i key_id:i pipeline:t run:t stream:t key:k payload:b reasons:t state:i at:m origin_path:t origin_offset:i origin_length:i origin_line:i "
            + "origin_hash:t definition_version:i head_version:i decided_by:t decided_at:m note:t"),
        new("erased", "stream, mark", "stream:t mark:b erasure:t at:m versions:i"),
        new("erased_contents", "stream, content, mark", "stream:t content:b mark:b"),
        new("quarantine_counts", "pipeline, stream, rule", "pipeline:t stream:t rule:t held:i"),
        new("idempotency", "name", "name:t stamp:i format:i kept_until:m record:b body:b"),
        new("queues", "queue", "queue:t accepted:i pending:i leased:i done:i dead:i quarantined:i weight:i held_because:t held_by:t held_at:m"),
        new("queue_items", "id", "id:i format:i key_id:i queue:t kind:t state:i gate:i rank:m due_at:m priority:i cost:i enqueued_at:m changed_at:m deadline:m attempts:i max_attempts:i lapses:i dedup:t order_key:t "
            + "lease:i lease_until:m worker:t origin:t replay:i cause:i error:t payload:b"),
        new("queue_numbers", "name", "name:t last:i"),
        GrainState,
    ];

    public static readonly IReadOnlyList<MovedTable> OfSystem =
    [
        GrainState,
        new("reminders", "grain, name", "grain:t name:t hash:i start_ticks:i period_ticks:i etag:t"),
    ];
}
