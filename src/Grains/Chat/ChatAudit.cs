using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>Writes down that a conversation is deleted, before it is: its name, by whom, when; none of its words.</summary>
internal sealed class ChatAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public const string Stream = OwnStreams.Audit + "/chat";

    /// <summary>Written once, however often it is asked for.</summary>
    public async Task Deleted(DeletedChat chat)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"delete-{chat.At.UtcTicks:D19}-{chat.Session}");
        var payload = Encoding.UTF8.GetBytes(new JsonObject { ["what"] = "delete", ["of"] = chat.Session, ["by"] = chat.By, ["at"] = chat.At.ToString("O", CultureInfo.InvariantCulture) }.ToJsonString());
        var entry = new NewEntry(EntryType.Audit, Stream, key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
        var writer = new FencedWriter(log, tenant, "chat/audit");
        for (var tries = 1; ; tries++)
            switch (await writer.Append(new AppendBatch { Fence = FencedWriter.Unset, At = time.GetUtcNow(), Entries = [entry], OnceKey = $"{Stream}/{key}" }, CancellationToken.None))
            {
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                case LogWrite.Done or LogWrite.AlreadyDone:
                    return;
                default:
                    throw Superseded.Refusal("The audit of conversations", time);
            }
    }
}
