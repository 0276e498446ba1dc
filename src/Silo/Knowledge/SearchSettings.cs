using System.Globalization;
using Microsoft.Extensions.Options;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Knowledge;

/// <summary>What the environment says of search: SOPHIA_EMBEDDING_WEIGHT, SOPHIA_VECTOR_MIB, SOPHIA_VECTORS_EXACT, SOPHIA_WORDS_MIB and SOPHIA_WORDS_FROM; and of the embedded store: SOPHIA_OPEN_FILES.</summary>
internal static class SearchSettings
{
    private const string Weight = "SOPHIA_EMBEDDING_WEIGHT", Memory = "SOPHIA_VECTOR_MIB", Exact = "SOPHIA_VECTORS_EXACT", WordMemory = "SOPHIA_WORDS_MIB", WordsFrom = "SOPHIA_WORDS_FROM", OpenFiles = "SOPHIA_OPEN_FILES";

    /// <summary>Stands after <c>AddSophiaStorage</c> and <c>AddSophiaKnowledge</c>.</summary>
    /// <exception cref="StartRefusedException">A value cannot be meant.</exception>
    public static void AddSearchSettings(this IServiceCollection services, Func<string, string?> variable)
    {
        if (Number(variable, Weight, 0, 100, "what nearness counts against words, from 0 to 100") is { } weight)
            services.AddSingleton(Options.Create(RankingOptions.Default with { MeaningWeight = weight }));
        if (Number(variable, Memory, 1, 1_048_576, "MiB of memory for vectors, from 1 to 1,048,576") is { } mib)
            services.Configure<StorageOptions>(storage => storage.VectorMib = (int)mib);
        if (Number(variable, Exact, 1_000, 100_000_000, "vectors of a tenant up to which every one is compared, from 1,000 to 100,000,000") is { } exact)
            services.Configure<StorageOptions>(storage => storage.VectorsExact = (int)exact);
        if (Number(variable, WordMemory, 0, 1_048_576, "MiB of memory for words of large indexes, from 0 to 1,048,576") is { } words)
            services.Configure<StorageOptions>(storage => storage.WordsMib = (int)words);
        if (Number(variable, WordsFrom, 1, 100_000_000, "passages from which on an index is held in memory, from 1 to 100,000,000") is { } from)
            services.Configure<StorageOptions>(storage => storage.WordsFrom = (int)from);
        if (Number(variable, OpenFiles, 1, 10_000, "how many database files of tenants are kept open, from 1 to 10,000") is { } files)
            services.Configure<StorageOptions>(storage => storage.OpenFiles = (int)files);
    }

    private static double? Number(Func<string, string?> variable, string name, double least, double most, string meaning)
    {
        if (variable(name) is not { Length: > 0 } text)
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new StartRefusedException($"{name} is {meaning}; \"{text}\" is not.");
    }
}
