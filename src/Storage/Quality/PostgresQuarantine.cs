using System.Text;
using Npgsql;
using Sophia.Log;
using Sophia.Postgres;

namespace Sophia.Quality;

/// <summary>Writes the quarantine within an append: new items, decisions, and the counts of held items by rule that the pages show.</summary>
internal sealed class PostgresQuarantine(TenantTransaction transaction, AppendBatch batch)
{
    private readonly Dictionary<long, (QuarantineState State, string Pipeline, string Stream, IReadOnlyList<CellReason> Reasons)> decided = [];
    private readonly Dictionary<(string Pipeline, string Stream, string Rule), long> changes = [];
    private IReadOnlyList<NewQuarantine> quarantined = batch.Quarantined;

    public void AskDecided(TenantStatements ask) =>
        ask.Add("SELECT id, state, pipeline, stream, reasons FROM sophia.quarantine WHERE tenant=$1 AND id=ANY($2)").Ints([.. batch.Decisions.Select(decision => decision.Id)]);

    /// <summary>Why decisions cannot be taken, or null where all can: an item is decided once. Reads the result that was asked for.</summary>
    public async Task<AppendOutcome?> Refusal(NpgsqlDataReader reader)
    {
        while (await reader.ReadAsync())
            decided[reader.GetInt64(0)] = ((QuarantineState)reader.GetInt16(1), reader.GetString(2), reader.GetString(3), QuarantineTable.Reasons(Encoding.UTF8.GetBytes(reader.GetString(4))));
        await reader.NextResultAsync();
        var once = new HashSet<long>();
        foreach (var decision in batch.Decisions)
        {
            QuarantineState? state = decided.TryGetValue(decision.Id, out var item) ? item.State : null;
            if (state != QuarantineState.Held || !once.Add(decision.Id))
                return new AppendOutcome.NotHeld(decision.Id, state);
        }
        return null;
    }

    /// <summary>Leaves out items of erased records; answers how many.</summary>
    public int Sort(Func<NewQuarantine, bool> isErased)
    {
        quarantined = [.. batch.Quarantined.Where(item => !isErased(item))];
        return batch.Quarantined.Count - quarantined.Count;
    }

    /// <summary>Takes out of an item whatever was its record's.</summary>
    /// <param name="held">Where it is held: what its rules are counted under.</param>
    public static void Erase(TenantStatements tell, long id, (string Pipeline, string Stream)? held, IReadOnlyList<CellReason> reasons, string note, DateTimeOffset at)
    {
        tell.Add("""
            UPDATE sophia.quarantine SET key=NULL, payload=NULL, format=1, reasons=$3, origin_path='', origin_offset=0, origin_length=0, origin_line=0, origin_hash=NULL, note=$4,
                state=CASE WHEN state=1 THEN $5 ELSE state END, decided_by=coalesce(decided_by, $6), decided_at=coalesce(decided_at, $7) WHERE tenant=$1 AND id=$2
            """).Int(id).Text(QuarantineTable.Json(ErasedItem.Reasons(reasons))).Text(note).Int((long)QuarantineState.Discarded).Text(ErasedItem.By).Time(at);
        if (held is var (pipeline, stream))
            foreach (var rule in reasons.Select(reason => reason.Rule).Distinct(StringComparer.Ordinal).Append(""))
                tell.Add("UPDATE sophia.quarantine_counts SET held=held-1 WHERE tenant=$1 AND pipeline=$2 AND stream=$3 AND rule=$4").Text(pipeline).Text(stream).Text(rule);
    }

    public void Write(TenantStatements tell)
    {
        foreach (var item in quarantined)
            Add(tell, item);
        foreach (var decision in batch.Decisions)
            Decide(tell, decision);
        foreach (var ((pipeline, stream, rule), by) in changes.Where(change => change.Value != 0))
            tell.Add("""
                INSERT INTO sophia.quarantine_counts AS c (tenant, pipeline, stream, rule, held) VALUES($1, $2, $3, $4, $5)
                ON CONFLICT(tenant, pipeline, stream, rule) DO UPDATE SET held = c.held + $5
                """).Text(pipeline).Text(stream).Text(rule).Int(by);
    }

    private void Add(TenantStatements tell, NewQuarantine item)
    {
        tell.Add("""
            INSERT INTO sophia.quarantine(tenant, id, format, key_id, pipeline, run, stream, key, payload, reasons, state, at, origin_path, origin_offset, origin_length, origin_line,
                origin_hash, definition_version, head_version)
            VALUES($1, $2, $16, 0, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12, $13, $14, $15, coalesce((SELECT version FROM sophia.heads
                WHERE tenant=$1 AND stream_id=(SELECT id FROM sophia.streams WHERE tenant=$1 AND name=$5) AND key=$6), 0))
            """)
            .Int(++transaction.Counters.Quarantine).Text(item.Pipeline).Text(batch.Run).Text(item.Stream).Bytes(item.Key is null ? null : PostgresKey.Of(item.Key))
            .Bytes(item.Payload is { } payload ? SourcedPayload.Write(payload, item.Source).ToArray() : null).Text(QuarantineTable.Json(item.Reasons)).Time(batch.At).Text(item.Origin.Path).Int(item.Origin.Offset).Int(item.Origin.Length)
            .Int(item.Origin.Line).Text(item.Origin.HashHex).Int(item.DefinitionVersion)
            .Int(item.Payload is null ? LogSchema.RowFormat : SourcedPayload.FormatOf(item.Source));
        Count(item.Pipeline, item.Stream, item.Reasons, 1);
    }

    private void Decide(TenantStatements tell, QuarantineDecision decision)
    {
        var (_, pipeline, stream, reasons) = decided[decision.Id];
        tell.Add("""
            UPDATE sophia.quarantine SET state=$3, decided_by=$4, decided_at=$5, note=coalesce($6, note), payload=coalesce($7, payload), format=CASE WHEN $7 IS NULL THEN format ELSE 1 END, reasons=coalesce($8, reasons) WHERE tenant=$1 AND id=$2
            """)
            .Int(decision.Id).Int((long)decision.State).Text(decision.By).Time(batch.At).Text(decision.Note).Bytes(decision.NewPayload?.ToArray())
            .Text(decision.NewReasons is null ? null : QuarantineTable.Json(decision.NewReasons));
        Count(pipeline, stream, reasons, -1);
        if (decision.State == QuarantineState.Held)
            Count(pipeline, stream, decision.NewReasons ?? reasons, 1);
    }

    /// <summary>The empty rule counts items; an item counts once for each of its rules.</summary>
    private void Count(string pipeline, string stream, IReadOnlyList<CellReason> reasons, int by)
    {
        foreach (var rule in reasons.Select(reason => reason.Rule).Distinct(StringComparer.Ordinal).Append(""))
            changes[(pipeline, stream, rule)] = changes.GetValueOrDefault((pipeline, stream, rule)) + by;
    }
}
