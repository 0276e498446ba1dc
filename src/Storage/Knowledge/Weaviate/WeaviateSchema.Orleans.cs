using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Sophia.Log;
using Weaviate.Client;
using Weaviate.Client.Models;

namespace Sophia.Knowledge;

/// <summary>Sophia's collections: one for each kind of passage, each with a Weaviate tenant for each of Sophia's.</summary>
/// <remarks>A collection's description carries a mark that was drawn when it was made. All marks together name the engine: a Weaviate that was emptied or exchanged has others, and every index begins anew in it.</remarks>
internal sealed partial class WeaviateSchema(WeaviateClient client, WeaviateOptions options)
{
    /// <summary>What an object looks like. Another number means that collections of this one are not read.</summary>
    public const int Format = 1;

    /// <summary>Each collection is made with one named vector, so that embedders' can be added; nothing is ever kept under this name.</summary>
    private const string FirstVector = "none";

    public static readonly ChunkKind[] Kinds = Enum.GetValues<ChunkKind>();

    public static string Collection(string prefix, ChunkKind kind) => $"{prefix}{kind}";

    /// <summary>A named vector that Sophia gives, compared by cosine.</summary>
    public static VectorConfig Vector(string name) => Configure.Vector(name, vector => vector.SelfProvided(), new VectorIndex.HNSW { Distance = VectorIndexConfig.VectorDistance.Cosine });

    /// <summary>Makes what is missing and names the engine.</summary>
    public async Task<string> Ensure(CancellationToken cancellation)
    {
        var marks = new StringBuilder();
        foreach (var kind in Kinds)
        {
            var mark = await MarkOf(Collection(options.Collections, kind), cancellation);
            if (kind != ChunkKind.Function) // The release before knows the engine by the others' marks.
                marks.Append(mark).Append(' ');
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(marks.ToString())))[..32];
    }

    private async Task<string> MarkOf(string name, CancellationToken cancellation)
    {
        var found = await Find(name, cancellation);
        if (found is null)
        {
            await Make(name, cancellation);
            found = await Find(name, cancellation);
        }
        var mark = Described().Match(found?.Description ?? "");
        if (!mark.Success)
            throw new StorageException(StorageFault.Unknown, $"Weaviate at {options.Server} has a collection {name} that is not Sophia's: name others by collections=Name in SOPHIA_WEAVIATE.");
        if (mark.Groups[1].Value != $"{Format}")
            throw new StorageException(StorageFault.NewerFormat, $"The collection {name} of Weaviate at {options.Server} has format {mark.Groups[1].Value}; this Sophia knows {Format}.");
        if (found!.MultiTenancyConfig is not { Enabled: true })
            throw new StorageException(StorageFault.Corrupt, $"The collection {name} of Weaviate at {options.Server} does not keep tenants apart.");
        return mark.Groups[2].Value;
    }

    private async Task<CollectionConfigExport?> Find(string name, CancellationToken cancellation) =>
        await client.Collections.Exists(name, cancellation) ? await client.Collections.Export(name, cancellation) : null;

    private async Task Make(string name, CancellationToken cancellation)
    {
        try
        {
            await client.Collections.Create(new CollectionCreateParams
            {
                Name = name,
                Description = $"Sophia's passages, format {Format}, mark {RandomNumberGenerator.GetHexString(32, lowercase: true)}. Made and read by Sophia alone.",
                Properties = Properties,
                InvertedIndexConfig = new InvertedIndexConfig { Stopwords = new StopwordConfig { Preset = StopwordConfig.Presets.None } },
                MultiTenancyConfig = new MultiTenancyConfig { Enabled = true, AutoTenantCreation = false, AutoTenantActivation = true },
                VectorConfig = Vector(FirstVector),
            }, cancellation);
        }
        catch (WeaviateUnprocessableEntityException)
        {
            // Another silo was first; what it made is looked at next.
        }
    }

    /// <summary>
    /// "words" are the ranker's own stems, cut at spaces, so that Weaviate neither stems nor drops anything; "marks" are hashes of what a filter asks to be equal.
    /// Texts are kept to be read and not indexed. "at", in milliseconds since 1970, is no whole number but a real one: the client cuts whole numbers in a filter to 32 bits.
    /// </summary>
    private static Property[] Properties =>
    [
        Exact("build", DataType.Text), Exact("edition", DataType.Text), Exact("marks", DataType.TextArray), Kept("chunk", DataType.Int), Kept("record", DataType.Int), Kept("ordinal", DataType.Int),
        new() { Name = "at", DataType = DataType.Number, IndexFilterable = true, IndexRangeFilters = true },
        new() { Name = "words", DataType = DataType.Text, PropertyTokenization = PropertyTokenization.Whitespace, IndexFilterable = true, IndexSearchable = true },
        Kept("title", DataType.Text), Kept("section", DataType.Text), Kept("text", DataType.Text), Kept("speakers", DataType.TextArray), Kept("spans", DataType.Text), Kept("counts", DataType.Blob),
    ];

    private static Property Exact(string name, DataType type) => new() { Name = name, DataType = type, PropertyTokenization = PropertyTokenization.Field, IndexFilterable = true, IndexSearchable = false };

    private static Property Kept(string name, DataType type) => new()
    {
        Name = name, DataType = type, IndexFilterable = false, IndexSearchable = type is DataType.Text or DataType.TextArray ? false : null,
        PropertyTokenization = type is DataType.Text or DataType.TextArray ? PropertyTokenization.Field : null,
    };

    [GeneratedRegex("^Sophia's passages, format ([0-9]+), mark ([0-9a-f]{32})\\.")]
    private static partial Regex Described();
}
