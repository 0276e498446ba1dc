using System.Globalization;
using System.Text.Json.Nodes;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>Writes down that a conversation is deleted, before it is: its name, by whom, when; none of its words.</summary>
internal sealed class ChatAudit(ILogStore log, TenantId tenant, TimeProvider time)
{
    public const string Stream = OwnStreams.Audit + "/chat";

    /// <summary>Written once, however often it is asked for.</summary>
    public Task Deleted(DeletedChat chat)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"delete-{chat.At.UtcTicks:D19}-{chat.Session}");
        return new AuditEntry(Stream, "chat/audit", "The audit of conversations").Write(log, tenant, key,
            new JsonObject { ["what"] = "delete", ["of"] = chat.Session, ["by"] = chat.By, ["at"] = AuditEntry.Text(chat.At) }, time.GetUtcNow(), time, $"{Stream}/{key}");
    }
}
