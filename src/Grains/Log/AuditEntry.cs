using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>One entry of a tenant's audit that goes with no other write. Where the store leaves the outcome open it may be written twice.</summary>
/// <param name="Stream">Under audit/.</param>
/// <param name="Owner">Whose fence it is written under: each time anew, because several grains write so, seldom, and none keeps the others out.</param>
/// <param name="Of">What it is about, for whoever is told that it could not be written.</param>
internal sealed record AuditEntry(string Stream, string Owner, string Of)
{
    /// <summary>A moment as such entries have it.</summary>
    public static string Text(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);

    /// <param name="onceKey">Under which it is written once, however often it is asked for; null: each time.</param>
    public async Task Write(ILogStore log, TenantId tenant, string key, JsonObject said, DateTimeOffset now, TimeProvider time, string? onceKey = null)
    {
        var payload = Encoding.UTF8.GetBytes(said.ToJsonString());
        var entry = new NewEntry(EntryType.Audit, Stream, key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
        var writer = new FencedWriter(log, tenant, Owner);
        for (var tries = 1; ; tries++)
            switch (await writer.Append(new AppendBatch { Fence = FencedWriter.Unset, At = now, Entries = [entry], OnceKey = onceKey }, CancellationToken.None))
            {
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                case LogWrite.Done or LogWrite.AlreadyDone:
                    return;
                default:
                    throw Superseded.Refusal(Of, time);
            }
    }
}
