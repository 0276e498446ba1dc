using System.Text;
using System.Text.Json.Nodes;
using Sophia.Knowledge;
using Sophia.Postgres;
using Sophia.Queues;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Sophia's own work on records (what a projection gave up on), whatever became of it: names an erased record by its mark from then on, and says nothing more of what was wrong with it.</summary>
internal static class ErasedWork
{
    private const string Error = "Its record was erased.";

    public static void Erase(DatabaseConnection connection, IReadOnlyList<RecordKey> records, ErasureMarks marks)
    {
        var renamed = new List<(long Id, byte[] Payload)>();
        using (var rows = connection.Prepare("SELECT id, payload FROM queue_items WHERE queue=?1 AND kind=?2").Text(1, WorkLimits.OwnQueue).Text(2, ReindexHandler.OwnKind))
            while (rows.Step())
                if (Renamed(rows.Bytes(1), records, marks) is { } payload)
                    renamed.Add((rows.Int(0), payload));
        foreach (var (id, payload) in renamed)
            connection.Prepare("UPDATE queue_items SET payload=?2, format=?3, error=iif(error IS NULL, NULL, ?4) WHERE id=?1").Int(1, id).Blob(2, payload).Int(3, QueueSchema.RowFormat).Text(4, Error).Run();
    }

    public static void Ask(TenantStatements ask) => ask.Add("SELECT id, payload FROM sophia.queue_items WHERE tenant=$1 AND queue=$2 AND kind=$3").Text(WorkLimits.OwnQueue).Text(ReindexHandler.OwnKind);

    public static void Erase(TenantStatements tell, IReadOnlyList<(long Id, byte[] Payload)> work, IReadOnlyList<RecordKey> records, ErasureMarks marks)
    {
        foreach (var (id, was) in work)
            if (Renamed(was, records, marks) is { } payload)
                tell.Add("UPDATE sophia.queue_items SET payload=$3, format=$4, error=CASE WHEN error IS NULL THEN NULL ELSE $5 END WHERE tenant=$1 AND id=$2").Int(id).Bytes(payload).Int(QueueSchema.RowFormat).Text(Error);
    }

    private static byte[]? Renamed(ReadOnlySpan<byte> payload, IReadOnlyList<RecordKey> records, ErasureMarks marks)
    {
        try
        {
            if (JsonNode.Parse(payload) is not JsonObject json || json["stream"] is not JsonValue of || json["key"] is not JsonValue named || !of.TryGetValue(out string? stream) || !named.TryGetValue(out string? key)
                || !records.Contains(new RecordKey(stream, key)))
                return null;
            json["key"] = $"erased:{RecordMark.Text(marks.Of(stream, key))}";
            return Encoding.UTF8.GetBytes(json.ToJsonString());
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
