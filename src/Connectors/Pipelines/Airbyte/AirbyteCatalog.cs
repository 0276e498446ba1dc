using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>What is read of a connector: the streams of its catalog that the definition chooses, each with mode, cursor and key.</summary>
internal sealed class AirbyteCatalog
{
    /// <summary>The most streams of one source.</summary>
    public const int MaxStreams = 5_000;

    /// <summary>The longest name of a stream with its namespace, in UTF-16 units.</summary>
    public const int MaxName = 300;

    private readonly Dictionary<string, AirbyteStream> byKey;

    private AirbyteCatalog(IReadOnlyList<AirbyteStream> streams)
    {
        Streams = streams;
        byKey = streams.ToDictionary(stream => AirbyteStream.KeyOf(stream.Namespace, stream.Name), StringComparer.Ordinal);
    }

    public IReadOnlyList<AirbyteStream> Streams { get; }

    public AirbyteStream? Find(string? space, string name) => byKey.GetValueOrDefault(AirbyteStream.KeyOf(space, name));

    /// <exception cref="SourceException">A stream that is asked for is not there, or cannot be read so.</exception>
    public static AirbyteCatalog Of(JsonElement discovered, AirbyteSettings settings, string pipeline)
    {
        var declared = Declared(discovered, settings.Name);
        var chosen = settings.Streams.Count > 0
            ? settings.Streams.Select(asked => StreamOf(Found(declared, asked, settings.Name), asked, pipeline, settings.Name))
            : declared.Select(stream => StreamOf(stream, new ChosenStream(stream.Name, stream.Namespace, null, null, []), pipeline, settings.Name));
        var streams = chosen.ToArray();
        if (streams.GroupBy(stream => stream.Stored, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new SourceException($"{settings.Name}: two of the connector's streams would both be stored as {twice.Key}; choose one of them under streams.", transient: false);
        return new AirbyteCatalog(streams);
    }

    /// <summary>The configured catalog, as the protocol wants it.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("streams");
            foreach (var stream in Streams)
                Write(json, stream);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, AirbyteStream stream)
    {
        json.WriteStartObject();
        json.WritePropertyName("stream");
        stream.Declared.WriteTo(json);
        json.WriteString("sync_mode", stream.IsIncremental ? "incremental" : "full_refresh");
        json.WriteString("destination_sync_mode", stream.IsIncremental ? "append_dedup" : "overwrite");
        json.WriteStartArray("cursor_field");
        foreach (var step in stream.Cursor)
            json.WriteStringValue(step);
        json.WriteEndArray();
        json.WriteStartArray("primary_key");
        foreach (var path in stream.Key)
        {
            json.WriteStartArray();
            foreach (var step in path)
                json.WriteStringValue(step);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static IReadOnlyList<DeclaredStream> Declared(JsonElement catalog, string source)
    {
        if (!catalog.TryGetProperty("streams", out var streams) || streams.ValueKind != JsonValueKind.Array)
            throw new SourceException($"{source}: the connector's catalog has no list of streams.", transient: false);
        var declared = new List<DeclaredStream>();
        foreach (var stream in streams.EnumerateArray())
        {
            var name = TextOf(stream, "name");
            var space = TextOf(stream, "namespace");
            if (name is null || name.Length + (space?.Length ?? 0) > MaxName || name.Contains('\0') || space?.Contains('\0') == true)
                throw new SourceException($"{source}: the connector's catalog has a stream whose name is missing, is longer than {MaxName} characters or holds the character U+0000.", transient: false);
            declared.Add(new DeclaredStream(space, name, stream));
        }
        if (declared.Count is 0 or > MaxStreams)
            throw new SourceException($"{source}: the connector's catalog has {declared.Count} streams; 1 to {MaxStreams} can be read.", transient: false);
        if (declared.GroupBy(stream => (stream.Namespace, stream.Name)).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new SourceException($"{source}: the connector's catalog has the stream \"{twice.Key.Name}\" twice.", transient: false);
        return declared;
    }

    private static DeclaredStream Found(IReadOnlyList<DeclaredStream> declared, ChosenStream asked, string source)
    {
        var found = declared.Where(stream => stream.Name == asked.Name && (asked.Namespace is null || asked.Namespace == stream.Namespace)).ToArray();
        return found.Length switch
        {
            1 => found[0],
            0 => throw new SourceException($"{source}: the connector has no stream \"{asked.Name}\"{(asked.Namespace is null ? "" : $" in namespace \"{asked.Namespace}\"")}. It has: {Listed(declared.Select(stream => stream.Name))}.", transient: false),
            _ => throw new SourceException($"{source}: stream \"{asked.Name}\" is in several namespaces ({Listed(found.Select(stream => stream.Namespace ?? "none"))}): say which.", transient: false),
        };
    }

    private static AirbyteStream StreamOf(DeclaredStream declared, ChosenStream asked, string pipeline, string source)
    {
        var stated = declared.Stream;
        var modes = Texts(stated, "supported_sync_modes");
        var cursor = asked.Cursor is { } own ? own.Split('.') : Texts(stated, "default_cursor_field");
        var mayFollow = modes.Contains("incremental") && (cursor.Count > 0 || (stated.TryGetProperty("source_defined_cursor", out var defined) && defined.ValueKind == JsonValueKind.True));
        if (asked.Mode == "incremental" && !mayFollow)
            throw new SourceException($"{source}: stream \"{asked.Name}\" cannot be read incrementally: {(modes.Contains("incremental") ? "say its cursor" : $"the connector offers {(modes.Count == 0 ? "full_refresh" : string.Join(", ", modes))}")}.", transient: false);
        IReadOnlyList<IReadOnlyList<string>> key = asked.Key.Count > 0 ? [.. asked.Key.Select(path => path.Split('.'))] : Paths(stated, "source_defined_primary_key");
        var incremental = asked.Mode is null ? mayFollow : asked.Mode == "incremental";
        return new AirbyteStream(pipeline, declared.Namespace, declared.Name, incremental, key, incremental ? cursor : [], stated);
    }

    private static string Listed(IEnumerable<string> names)
    {
        var all = names.ToArray();
        return all.Length <= 30 ? string.Join(", ", all) : $"{string.Join(", ", all.Take(30))} and {all.Length - 30} more";
    }

    private static string? TextOf(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static IReadOnlyList<string> Texts(JsonElement of, string name) => of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
        : [];

    private static IReadOnlyList<IReadOnlyList<string>> Paths(JsonElement of, string name) => of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Where(path => path.ValueKind == JsonValueKind.Array).Select(path => (IReadOnlyList<string>)[.. path.EnumerateArray().Select(step => step.GetString() ?? "")])]
        : [];

    private sealed record DeclaredStream(string? Namespace, string Name, JsonElement Stream);
}
