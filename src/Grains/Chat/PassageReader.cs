using System.Text.Json;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>Fetches the words that hits cite from the log. A hit whose words are not there (its record was rewritten or removed meanwhile) is left out.</summary>
internal sealed class PassageReader(ILogStore log)
{
    public async Task<IReadOnlyList<Passage>> Read(TenantId tenant, IReadOnlyList<SearchHit> hits, CancellationToken cancellation)
    {
        var records = new Dictionary<(string, string, long), ReadRecord?>();
        try
        {
            var passages = new List<Passage>();
            var best = hits.Count == 0 ? 0 : hits.Max(h => h.Score);
            foreach (var hit in hits)
            {
                var at = (hit.Citation.Stream, hit.Citation.Key, hit.Citation.Version);
                if (!records.TryGetValue(at, out var record))
                    records[at] = record = await Record(tenant, hit.Citation, cancellation);
                if (record is not null && record.Pieces(hit) is { Count: > 0 } pieces)
                    passages.Add(new Passage(passages.Count + 1, best > 0 ? Math.Clamp(hit.Score / best, 0, 1) : 1, hit, pieces));
            }
            return passages;
        }
        finally
        {
            foreach (var record in records.Values)
                record?.Dispose();
        }
    }

    /// <summary>The pieces of one hit, each with the words found at its place.</summary>
    internal static List<PassagePiece> Pieces(JsonElement record, SearchHit hit) => new ReadRecord(record).Pieces(hit);

    private async Task<ReadRecord?> Record(TenantId tenant, Citation citation, CancellationToken cancellation)
    {
        var rows = await log.History(tenant, citation.Stream, citation.Key, citation.Version + 1, 1, cancellation);
        return rows is [{ Operation: RecordOperation.Upsert } row] && row.Version == citation.Version ? new ReadRecord(JsonDocument.Parse(row.Payload)) : null;
    }

    /// <summary>A record as the hits of one answer read it: the text of each field is made once, however many of them cite it.</summary>
    private sealed class ReadRecord(JsonElement record, JsonDocument? document = null) : IDisposable
    {
        private readonly Dictionary<string, string?> texts = [];

        public ReadRecord(JsonDocument document)
            : this(document.RootElement, document)
        {
        }

        public List<PassagePiece> Pieces(SearchHit hit)
        {
            var pieces = new List<PassagePiece>();
            foreach (var span in hit.Citation.Spans)
                if (Text(span.Field) is { } text && span.Start >= 0 && span.Length > 0 && span.Start + span.Length <= text.Length)
                    pieces.Add(new PassagePiece(
                        span.Field,
                        span.Start,
                        text.Substring(span.Start, span.Length),
                        hit.Kind == ChunkKind.Turns ? RecordFields.Speaker(record, span.Field) : null,
                        hit.Kind == ChunkKind.Entity ? RecordFields.Label(span.Field) : null));
            return pieces;
        }

        public void Dispose() => document?.Dispose();

        private string? Text(string field)
        {
            if (!texts.TryGetValue(field, out var text))
                texts[field] = text = FieldPath.Text(record, field);
            return text;
        }
    }
}
