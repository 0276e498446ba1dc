using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Pipelines;

/// <summary>What a checkpoint remembers of a source, format 1: the connector's own states, as it gave them, and where each stream's readings stand.</summary>
/// <param name="Run">The run that wrote it: within a run every state is given back, a new run starts whole streams anew.</param>
/// <param name="Tries">How often the run began to read without a new state since; a connector that dies again and again at one place is given up.</param>
/// <param name="Kind">How the connector gives its states: null (none yet), "stream", "global" or "legacy".</param>
/// <param name="Shared">The shared part of a global state, or all of a legacy one.</param>
/// <param name="Followed">Records ever read from streams that are followed by a cursor.</param>
internal sealed record AirbyteState(
    [property: JsonPropertyName("v")] int Format,
    [property: JsonPropertyName("run")] string Run,
    [property: JsonPropertyName("tries")] int Tries = 0,
    [property: JsonPropertyName("kind")] string? Kind = null,
    [property: JsonPropertyName("shared")] JsonElement? Shared = null,
    [property: JsonPropertyName("streams")] IReadOnlyList<AirbyteStreamState>? Streams = null,
    [property: JsonPropertyName("followed")] long Followed = 0)
{
    public const int CurrentFormat = 1;

    /// <summary>A state of a newer format is refused: to start anew would read everything again and hide why.</summary>
    public static AirbyteState Parse(string? json, string source)
    {
        if (string.IsNullOrEmpty(json))
            return new AirbyteState(CurrentFormat, "");
        try
        {
            if (JsonSerializer.Deserialize(json, AirbyteStateJson.Default.AirbyteState) is { Format: CurrentFormat } state)
                return state;
        }
        catch (JsonException wrong)
        {
            throw new SourceException($"{source}: its checkpoint cannot be read ({wrong.Message}). A full refresh starts anew.", transient: false, wrong);
        }
        throw new SourceException($"{source}: its checkpoint was written by a newer Sophia. Run that one, or start anew by a full refresh.", transient: false);
    }

    public override string ToString() => JsonSerializer.Serialize(this, AirbyteStateJson.Default.AirbyteState);
}

/// <param name="State">What the connector gave, or null.</param>
/// <param name="Generation">The number of the whole reading under way or done last; 0 where the stream was never read whole.</param>
/// <param name="Count">Records of that reading so far.</param>
/// <param name="Last">Records of the last reading that came to its end.</param>
internal sealed record AirbyteStreamState(
    [property: JsonPropertyName("namespace")] string? Namespace,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("state")] JsonElement? State = null,
    [property: JsonPropertyName("generation")] int Generation = 0,
    [property: JsonPropertyName("count")] long Count = 0,
    [property: JsonPropertyName("last")] long Last = 0);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(AirbyteState))]
internal sealed partial class AirbyteStateJson : JsonSerializerContext;
