using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>A definition made ready for reading: keys by stream, modes, the judge, and a hash of what reading depends on.</summary>
internal sealed class ReadingPlan
{
    private readonly Dictionary<string, StreamPlan> streams = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> hashes = new(StringComparer.Ordinal);
    private StreamPlan? latest;

    private readonly Func<byte[]> maskKey;

    /// <param name="maskKey">The tenant's key for values that are hashed; asked for only where a stream does so.</param>
    public ReadingPlan(PipelineDefinition definition, IBatchJudge judge, Func<byte[]>? maskKey = null)
    {
        Definition = definition;
        Judge = judge;
        this.maskKey = maskKey ?? (static () => throw new Operations.RefusedException(Operations.RefusalCode.Unavailable, "Values are to be hashed, and nothing here keeps a key for that."));
        foreach (var source in definition.Sources)
            hashes[NameOf(source)] = HashOf(definition, source);
    }

    public PipelineDefinition Definition { get; }

    public IBatchJudge Judge { get; }

    public static string NameOf(SourceDefinition source) => source["name"] ?? source.Type;

    public SourceDefinition? Source(string name)
    {
        foreach (var source in Definition.Sources)
            if (NameOf(source) == name)
                return source;
        return null;
    }

    /// <summary>The fingerprint that a checkpoint keeps: other content, or another reading of it, is another one.</summary>
    public string Fingerprint(string source, string partitionFingerprint) => $"{partitionFingerprint}@{hashes.GetValueOrDefault(source)}";

    public bool IsDeduplicated(string stream) => StreamOf(stream).Mode == SyncMode.Deduplicated;

    /// <summary>Whether the stream is one that no record may go to.</summary>
    public bool IsReserved(string stream) => StreamOf(stream).Reserved;

    /// <summary>Whether the definition says which fields make the key.</summary>
    public bool HasKey(string stream) => StreamOf(stream).Keys is not null;

    /// <summary>What is done with a stream's records first, or null.</summary>
    public StreamTransforms? TransformsOf(string stream) => StreamOf(stream).Transforms;

    /// <summary>The key of a record, or null and the field that is missing.</summary>
    public string? KeyOf(in SourceRecord record, string partitionName, out string? missing)
    {
        missing = null;
        var plan = StreamOf(record.Stream);
        if (plan.Keys is null)
            return WithPart(record.Key ?? string.Create(CultureInfo.InvariantCulture, $"{partitionName}#{(record.Line > 0 ? record.Line : record.Offset)}"), record);
        return WithPart(plan.Keys.Of(record.Payload.Span, out missing), record) ?? (record.Operation == RecordOperation.Delete ? record.Key : null);
    }

    private static string? WithPart(string? key, in SourceRecord record) => key is null || record.KeyPart is null ? key : $"{key}/{record.KeyPart}";

    private static string TransformsText(StreamDefinition stream) => stream.Transforms.Count == 0 ? "" : $"\n{string.Join('\n', stream.Transforms)}";

    private StreamPlan Planned(string stream, StreamDefinition stated) =>
        new(stream, stated.Mode, stated.Key.Count == 0 ? null : new KeyFields(stated.Key), OwnStreams.Include(stream), StreamTransforms.Of(stated, maskKey));

    private StreamPlan StreamOf(string stream)
    {
        if (latest?.Name == stream)
            return latest;
        if (!streams.TryGetValue(stream, out latest))
        {
            var stated = Definition.StreamOf(stream) ?? new StreamDefinition();
            latest = Planned(stream, stated);
            streams.Add(stream, latest);
        }
        return latest;
    }

    private static string HashOf(PipelineDefinition definition, SourceDefinition source)
    {
        var text = new StringBuilder(source.Type);
        foreach (var (key, value) in source.Settings.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            if (key is not ("watch" or "watchEvery"))
                text.Append('\n').Append(key).Append('=').Append(value);
        foreach (var (name, stream) in definition.Streams.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            text.Append('\n').Append(name).Append(':').AppendJoin(',', stream.Key).Append(';').Append(stream.Mode).Append(TransformsText(stream));
            foreach (var rule in stream.Rules)
                text.Append('\n').Append(rule.Name).Append('|').Append(rule.Kind).Append('|').Append(rule.Field).Append('|').Append(rule.Level).Append('|')
                    .AppendJoin(',', rule.Arguments.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"))
                    .Append('|').AppendJoin(',', rule.Values);
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }

    private sealed record StreamPlan(string Name, SyncMode Mode, KeyFields? Keys, bool Reserved, StreamTransforms? Transforms);
}
