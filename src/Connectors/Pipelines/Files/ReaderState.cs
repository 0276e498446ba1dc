using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Pipelines;

/// <summary>Where a reader goes on. It holds only for the content that it was made of: under another fingerprint the file is read from its start.</summary>
/// <param name="V">The format of this state.</param>
/// <param name="Fp">The fingerprint of the partition.</param>
/// <param name="At">The byte at which the next piece starts (in the expanded form of a compressed file).</param>
/// <param name="Line">Lines before it.</param>
/// <param name="Row">Records and bad pieces before it.</param>
/// <param name="Done">Nothing more can be read, though bytes may be left (a damaged compressed file).</param>
internal sealed record ReaderState(int V, string Fp, long At, long Line, long Row, bool Done = false)
{
    public const int CurrentVersion = 1;

    public static ReaderState Start(string fingerprint) => new(CurrentVersion, fingerprint, 0, 0, 0);

    public static ReaderState Parse(string? json, string fingerprint)
    {
        if (json is null)
            return Start(fingerprint);
        try
        {
            var state = JsonSerializer.Deserialize(json, ReaderStateJson.Default.ReaderState);
            return state is { V: CurrentVersion } && state.Fp == fingerprint && state is { At: >= 0, Line: >= 0, Row: >= 0 } ? state : Start(fingerprint);
        }
        catch (JsonException)
        {
            return Start(fingerprint);
        }
    }

    public override string ToString() => JsonSerializer.Serialize(this, ReaderStateJson.Default.ReaderState);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReaderState))]
internal sealed partial class ReaderStateJson : JsonSerializerContext;
