using System.Globalization;
using System.Text;
using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Turns the lines of a reading into records, bad pieces and states.</summary>
internal sealed class AirbyteReading(AirbyteSettings settings, AirbyteOptions options, SourceContext source, AirbyteCatalog catalog, AirbyteProgress progress, ConnectorVoice voice, SecretBlanks blanks)
{
    /// <summary>How many breaches of one field are told when the records are stored all the same.</summary>
    private const int ToldBreaches = 3;

    private const int MaxToldTypes = 1_000;

    private readonly Dictionary<string, int> breaches = new(StringComparer.Ordinal);
    private readonly List<SourceRecord> records = [];
    private readonly List<BadPiece> bad = [];
    private long lines;
    private long chatter;
    private int badPieces;

    public int Pending => records.Count + bad.Count;

    /// <summary>Bytes of the connector's output since the last batch.</summary>
    public long Bytes { get; private set; }

    public bool SpeaksOfStatus { get; private set; }

    /// <summary>Messages so far; what is merely printed does not count.</summary>
    public long Messages { get; private set; }

    public SourceBatch Batch(bool more, IReadOnlyDictionary<string, int>? whole)
    {
        var batch = new SourceBatch([.. records], [.. bad], progress.ToString(), Bytes) { More = more, Held = progress.Held, Whole = whole, Lines = voice.Take() };
        records.Clear();
        bad.Clear();
        Bytes = 0;
        return batch;
    }

    /// <exception cref="SourceException">There is more rubbish than any connector prints by mistake.</exception>
    public void Take(OutputLine line)
    {
        lines++;
        Bytes += line.Length;
        if (line.OversizedHash is { } hash)
        {
            Unclear(null);
            Reject(line, Rubbish, PieceFault.Oversized(line.Length, settings.MaxLineBytes, "maxLineBytes"), hash);
            return;
        }
        switch (AirbyteMessage.Of(line.Bytes))
        {
            case AirbyteMessage.Record record:
                Messages++;
                TakeRecord(line, record);
                break;
            case AirbyteMessage.Other message:
                Messages++;
                TakeOther(message);
                break;
            case AirbyteMessage.Broken when !line.IsWhole:
                Unclear(null);
                Reject(line, Rubbish, new PieceFault("message", "a whole line", "The connector's output ended within it."));
                break;
            case AirbyteMessage.Broken broken:
                Unclear(null);
                Reject(line, Rubbish, broken.Fault);
                break;
            case AirbyteMessage.Chatter printed:
                voice.Hear(printed);
                if (++chatter > options.MaxBadPieces * 10L)
                    throw TooMuch($"printed more than {chatter - 1} lines that are no messages");
                break;
        }
    }

    private string Rubbish => OwnStreams.Beside($"{source.Pipeline}/{settings.Name}");

    private string Partition => AirbyteSourceKind.Partition;

    private void TakeRecord(OutputLine line, AirbyteMessage.Record record)
    {
        if (catalog.Find(record.Namespace, record.Stream) is not { } stream)
        {
            Reject(line, Rubbish, new PieceFault("stream", "a stream that the connector was asked to read", $"\"{Pieces.Clip(record.Stream)}\" is not among them.", "record.stream"));
            return;
        }
        stream.Count++;
        stream.SinceState++;
        if (stream.Check(record.Data, out var key, out var deleted) is { } fault)
        {
            stream.IsUnclear = true;
            Reject(line, stream.Stored, fault.ToPiece());
            return;
        }
        records.Add(new SourceRecord(stream.Stored, key, deleted ? RecordOperation.Delete : RecordOperation.Upsert, record.Data.ToArray(), line.Offset, (int)line.Length, lines)
        {
            Generation = stream.Generation,
            Faults = deleted ? Keyless(stream, key) : Faults(stream, record, key),
        });
    }

    private IReadOnlyList<CellReason>? Faults(AirbyteStream stream, AirbyteMessage.Record record, string? key)
    {
        var keyless = Keyless(stream, key);
        var broken = settings.Schema == SchemaLevel.Off ? null : stream.Types?.Check(record.Data.Span);
        if (broken is not null && settings.Schema == SchemaLevel.Warning)
        {
            foreach (var reason in broken)
                Tell(stream, reason);
            broken = null;
        }
        return keyless is null ? broken : broken is null ? keyless : [.. keyless, .. broken];
    }

    private IReadOnlyList<CellReason>? Keyless(AirbyteStream stream, string? key)
    {
        if (key is not null || source.HasKey(stream.Stored))
            return null;
        stream.IsUnclear = true;
        return [new CellReason(stream.KeyShown, "key", null, "a value: the record's key is made from it", "The connector's catalog names these fields as the stream's primary key.")];
    }

    private void Tell(AirbyteStream stream, CellReason reason)
    {
        if (breaches.Count >= MaxToldTypes)
            return;
        var field = $"{stream.Name}\n{reason.Field}";
        var count = breaches[field] = breaches.GetValueOrDefault(field) + 1;
        if (count <= ToldBreaches)
            voice.Say(ConnectorLineLevel.Warning, $"Stream {stream.Name}: field {reason.Field} is {reason.Value}: expected {reason.Expected}.{(count == ToldBreaches ? " Further ones of this field are not told." : "")}");
    }

    private void TakeOther(AirbyteMessage.Other message)
    {
        if (message.Type == "STATE")
        {
            if (progress.Take(message.Body) is { } complaint)
                voice.Say(ConnectorLineLevel.Warning, complaint);
        }
        else if (message.Type == "TRACE" && ConnectorVoice.TypeOf(message.Body) == "STREAM_STATUS")
            TakeStatus(message);
        else if (!voice.Hear(message))
            Unknown(message.Type);
    }

    private void Unknown(string type)
    {
        if (breaches.Count < MaxToldTypes && breaches.TryAdd($"type\n{type}", 1))
            voice.Say(ConnectorLineLevel.Warning, $"Messages of type \"{Pieces.Clip(type)}\" say nothing to a reading; they are left aside.");
    }

    private void TakeStatus(AirbyteMessage.Other message)
    {
        if (!message.Body.TryGetProperty("stream_status", out var status) || !status.TryGetProperty("stream_descriptor", out var of))
            return;
        SpeaksOfStatus = true;
        if (ConnectorVoice.TextOf(of, "name") is { } name && catalog.Find(ConnectorVoice.TextOf(of, "namespace") is { Length: > 0 } space ? space : null, name) is { } stream)
            stream.Status = ConnectorVoice.TextOf(status, "status");
    }

    private void Reject(OutputLine line, string stream, PieceFault fault, string? hash = null)
    {
        if (++badPieces > options.MaxBadPieces)
            throw TooMuch($"gave more than {options.MaxBadPieces} pieces that are no records");
        var preview = blanks.Of(Pieces.Show(line.Bytes.Span));
        bad.Add(hash is null
            ? Pieces.Bad(stream, Partition, line.Offset, line.Length, lines, line.Bytes.Span, fault) is var piece ? piece with { Preview = preview, Reason = piece.Reason with { Value = fault.Value ?? Pieces.Clip(preview) } } : null!
            : Pieces.Bad(stream, Partition, line.Offset, line.Length, lines, hash, preview, fault));
    }

    // In what cannot be read a record of any stream may have stood.
    private void Unclear(AirbyteStream? stream)
    {
        foreach (var each in stream is null ? catalog.Streams : [stream])
            each.IsUnclear = true;
    }

    private SourceException TooMuch(string what) => new(string.Create(CultureInfo.InvariantCulture, $"{settings.Name}: the connector {what}; it was ended."), transient: false);
}
