using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sophia.Knowledge;
using Sophia.Postgres;
using Sophia.Queues;
using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Sophia's own work on records (what a projection gave up on), whatever became of it (what is done has no payload any more): names an erased record by its mark from then on, and says nothing more of what was wrong with it.</summary>
internal static class ErasedWork
{
    private const string Error = "Its record was erased.";

    public static void Erase(DatabaseConnection connection, IReadOnlyList<RecordKey> records, ErasureMarks marks)
    {
        var (asked, renamed) = (records.ToHashSet(), new List<(long Id, byte[] Payload)>());
        using (var rows = connection.Prepare("SELECT id, payload FROM queue_items WHERE queue=?1 AND kind=?2 AND state<>?3").Text(1, WorkLimits.OwnQueue).Text(2, ReindexHandler.OwnKind).Int(3, (int)WorkState.Done))
            while (rows.Step())
                if (Renamed(rows.Bytes(1), asked, marks) is { } payload)
                    renamed.Add((rows.Int(0), payload));
        foreach (var (id, payload) in renamed)
            connection.Prepare("UPDATE queue_items SET payload=?2, format=?3, error=iif(error IS NULL, NULL, ?4) WHERE id=?1").Int(1, id).Blob(2, payload).Int(3, QueueSchema.RowFormat).Text(4, Error).Run();
    }

    public static void Ask(TenantStatements ask) => ask.Add("SELECT id, payload FROM sophia.queue_items WHERE tenant=$1 AND queue=$2 AND kind=$3 AND state<>$4").Text(WorkLimits.OwnQueue).Text(ReindexHandler.OwnKind).Int((int)WorkState.Done);

    public static void Erase(TenantStatements tell, IReadOnlyList<(long Id, byte[] Payload)> work, IReadOnlyList<RecordKey> records, ErasureMarks marks)
    {
        var asked = records.ToHashSet();
        foreach (var (id, was) in work)
            if (Renamed(was, asked, marks) is { } payload)
                tell.Add("UPDATE sophia.queue_items SET payload=$3, format=$4, error=CASE WHEN error IS NULL THEN NULL ELSE $5 END WHERE tenant=$1 AND id=$2").Int(id).Bytes(payload).Int(QueueSchema.RowFormat).Text(Error);
    }

    // Whoever put the work in chose its payload: where it says more than Sophia's own does, or what is no text, only what names the record is looked at, and only that stays.
    private static byte[]? Renamed(ReadOnlySpan<byte> payload, HashSet<RecordKey> records, ErasureMarks marks)
    {
        try
        {
            var reader = new Utf8JsonReader(payload);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } json || HeldText.Of(json, "stream") is not { } stream || HeldText.Of(json, "key") is not { } key || !records.Contains(new RecordKey(stream, key)))
                return null;
            var named = new JsonObject();
            foreach (var property in json.EnumerateObject())
                switch (HeldText.Name(property))
                {
                    case "projection" when property.Value.ValueKind == JsonValueKind.String:
                        named["projection"] = HeldText.Of(property.Value);
                        break;
                    case "position" when property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt64(out var position):
                        named["position"] = position;
                        break;
                    case "stream":
                        named["stream"] = stream;
                        break;
                    case "key":
                        named["key"] = $"erased:{RecordMark.Text(marks.Of(stream, key))}";
                        break;
                }
            return Encoding.UTF8.GetBytes(named.ToJsonString());
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
