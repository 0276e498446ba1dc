using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Quality;

/// <summary>Writes the quarantine within an append: new items, decisions, and the counts of held items by rule that the pages show.</summary>
internal sealed class QuarantineTable(DatabaseConnection connection)
{
    private readonly Dictionary<(string Pipeline, string Stream, string Rule), long> changes = [];

    /// <summary>Why decisions cannot be taken, or null where all can: an item is decided once.</summary>
    public static AppendOutcome? Refusal(DatabaseConnection connection, IReadOnlyList<QuarantineDecision> decisions)
    {
        var decided = new HashSet<long>();
        foreach (var decision in decisions)
        {
            using var find = connection.Prepare("SELECT state FROM quarantine WHERE id=?1").Int(1, decision.Id);
            QuarantineState? state = find.Step() ? (QuarantineState)find.Int(0) : null;
            if (state != QuarantineState.Held || !decided.Add(decision.Id))
                return new AppendOutcome.NotHeld(decision.Id, state);
        }
        return null;
    }

    /// <summary>Answers how many were left out.</summary>
    public int Add(AppendBatch batch, Func<NewQuarantine, bool> isErased)
    {
        var blocked = 0;
        foreach (var item in batch.Quarantined)
        {
            if (isErased(item))
            {
                blocked++;
                continue;
            }
            using var insert = connection.Prepare("""
                INSERT INTO quarantine(format, key_id, pipeline, run, stream, key, payload, reasons, state, at, origin_path, origin_offset, origin_length, origin_line,
                    origin_hash, definition_version, head_version)
                VALUES(?14, 0, ?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                    ifnull((SELECT version FROM heads WHERE stream_id=(SELECT id FROM streams WHERE name=?3) AND key=?4), 0))
                """);
            insert.Text(1, item.Pipeline).Text(2, batch.Run).Text(3, item.Stream).Text(4, item.Key).Text(6, Json(item.Reasons)).Int(7, LogTime.Micros(batch.At))
                .Text(8, item.Origin.Path).Int(9, item.Origin.Offset).Int(10, item.Origin.Length).Int(11, item.Origin.Line).Text(12, item.Origin.HashHex).Int(13, item.DefinitionVersion);
            insert.Int(14, item.Payload is null ? LogSchema.RowFormat : SourcedPayload.FormatOf(item.Source));
            _ = item.Payload is { } payload ? insert.Blob(5, SourcedPayload.Write(payload, item.Source).Span) : insert.Null(5);
            insert.Step();
            Count(item.Pipeline, item.Stream, item.Reasons, 1);
        }
        WriteCounts();
        return blocked;
    }

    /// <summary>Takes out of an item whatever was its record's. Done twice it changes nothing.</summary>
    public void Erase(long id, string note, DateTimeOffset at)
    {
        using var find = connection.Prepare("SELECT state, pipeline, stream, reasons, note FROM quarantine WHERE id=?1").Int(1, id);
        if (!find.Step() || find.TextOrNull(4) == note)
            return;
        var (state, pipeline, stream, reasons) = ((QuarantineState)find.Int(0), find.Text(1), find.Text(2), Reasons(find.Bytes(3)));
        connection.Prepare("""
            UPDATE quarantine SET key=NULL, payload=NULL, format=1, reasons=?2, origin_path='', origin_offset=0, origin_length=0, origin_line=0, origin_hash=NULL, note=?3,
                state=iif(state=1, ?4, state), decided_by=ifnull(decided_by, ?5), decided_at=ifnull(decided_at, ?6) WHERE id=?1
            """).Int(1, id).Text(2, Json(ErasedItem.Reasons(reasons))).Text(3, note).Int(4, (long)QuarantineState.Discarded).Text(5, ErasedItem.By).Int(6, LogTime.Micros(at)).Run();
        if (state == QuarantineState.Held)
            Count(pipeline, stream, reasons, -1);
        WriteCounts();
    }

    public void Decide(AppendBatch batch)
    {
        foreach (var decision in batch.Decisions)
        {
            var (pipeline, stream, reasons) = Held(decision.Id);
            using var update = connection.Prepare("""
                UPDATE quarantine SET state=?2, decided_by=?3, decided_at=?4, note=ifnull(?5, note), payload=ifnull(?6, payload), format=iif(?6 IS NULL, format, 1), reasons=ifnull(?7, reasons) WHERE id=?1
                """);
            update.Int(1, decision.Id).Int(2, (long)decision.State).Text(3, decision.By).Int(4, LogTime.Micros(batch.At)).Text(5, decision.Note)
                .Text(7, decision.NewReasons is null ? null : Json(decision.NewReasons));
            _ = decision.NewPayload is { } payload ? update.Blob(6, payload.Span) : update.Null(6);
            update.Step();
            Count(pipeline, stream, reasons, -1);
            if (decision.State == QuarantineState.Held)
                Count(pipeline, stream, decision.NewReasons ?? reasons, 1);
        }
        WriteCounts();
    }

    public static string Json(IReadOnlyList<CellReason> reasons) => JsonSerializer.Serialize(reasons, QuarantineJson.Default.IReadOnlyListCellReason);

    public static IReadOnlyList<CellReason> Reasons(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, QuarantineJson.Default.IReadOnlyListCellReason) ?? [];

    private (string Pipeline, string Stream, IReadOnlyList<CellReason> Reasons) Held(long id)
    {
        using var find = connection.Prepare("SELECT pipeline, stream, reasons FROM quarantine WHERE id=?1").Int(1, id);
        find.Step();
        return (find.Text(0), find.Text(1), Reasons(find.Bytes(2)));
    }

    /// <summary>The empty rule counts items; an item counts once for each of its rules.</summary>
    private void Count(string pipeline, string stream, IReadOnlyList<CellReason> reasons, int by)
    {
        foreach (var rule in reasons.Select(reason => reason.Rule).Distinct(StringComparer.Ordinal).Append(""))
            changes[(pipeline, stream, rule)] = changes.GetValueOrDefault((pipeline, stream, rule)) + by;
    }

    private void WriteCounts()
    {
        foreach (var ((pipeline, stream, rule), by) in changes)
            if (by != 0)
                connection.Prepare("""
                    INSERT INTO quarantine_counts(pipeline, stream, rule, held) VALUES(?1, ?2, ?3, ?4)
                    ON CONFLICT(pipeline, stream, rule) DO UPDATE SET held = held + ?4
                    """).Text(1, pipeline).Text(2, stream).Text(3, rule).Int(4, by).Run();
        changes.Clear();
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<CellReason>))]
internal sealed partial class QuarantineJson : JsonSerializerContext;
