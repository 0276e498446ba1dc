using System.Text;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Transforms as a definition states them, done on records as texts.</summary>
internal static class TransformsUnderTest
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static byte[] Key => Encoding.ASCII.GetBytes("a tenant's key for hashed values");

    public static StreamDefinition Stated(params string[] steps)
    {
        var read = Read(steps);
        Assert.Empty(read.Errors);
        return read.Definition!.Streams["s"];
    }

    public static PipelineDefinitionResult Read(params string[] steps) =>
        PipelineDefinitionReader.Read("name: p\nsource: {type: files, path: .}\nstreams:\n  s:\n    key: id\n    transforms:\n" + string.Concat(steps.Select(step => $"      - {step}\n")), "p.yaml");

    /// <summary>What comes of one record: each as its JSON, with the key's part behind it and the rules that hold it back.</summary>
    public static (string[] Made, TransformCounts Counts) Do(string record, params string[] steps) => Do(Stated(steps), record);

    public static (string[] Made, TransformCounts Counts) Do(StreamDefinition stated, string record)
    {
        var made = new List<string>();
        var counts = StreamTransforms.Of(stated, static () => Key)!.Do(Encoding.UTF8.GetBytes(record), 0, 3, Now, one =>
            made.Add(Encoding.UTF8.GetString(one.Payload.Span) + (one.KeyPart is null ? "" : $" /{one.KeyPart}") + string.Concat((one.Faults ?? []).Select(fault => $" !{fault.Rule}={fault.Value}"))));
        return ([.. made], counts);
    }

    public static string One(string record, params string[] steps) => Assert.Single(Do(record, steps).Made);
}
