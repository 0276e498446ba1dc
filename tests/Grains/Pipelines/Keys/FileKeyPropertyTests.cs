using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>Whatever happens to a file, its records keep their keys and who was erased stays away (docs/adr/0034).</summary>
// Goal: no edit of a file, erasure, crash or release renames a record, brings an erased one back, writes an unchanged row anew or loses a row. Method: random edits of small files in three forms, a model that says
// what every row is called and what becomes of it, and runs that are killed between two steps.
public sealed class FileKeyPropertyTests
{
    public static TheoryData<string, int> Seeds()
    {
        var data = new TheoryData<string, int>();
        for (var seed = 0; seed < 12; seed++)
            foreach (var name in new[] { "people.csv", "people.jsonl", "people.json" })
                data.Add(name, seed);
        return data;
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_happens_to_a_file_of_ids_its_records_keep_their_keys_and_the_erased_stay_away(string name, int seed) => await Live(new Model(name, seed, hasIds: true));

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_happens_to_a_file_of_numbered_rows_the_unchanged_erased_stay_away(string name, int seed) => await Live(new Model(name, 1_000 + seed, hasIds: false));

    private static async Task Live(Model model)
    {
        await using var files = new KeyedFolder();
        files.Put(model.Name, model.Text());
        await files.Run();
        await Check(files, model, []);
        for (var round = 0; round < 8; round++)
        {
            for (var edits = model.Random.Next(1, 4); edits > 0; edits--)
                model.Edit();
            if (model.Random.Next(3) == 0 && await files.Records() is { Count: > 1 } records)
            {
                var json = records.Values.ElementAt(model.Random.Next(records.Count));
                string[] keys = [.. records.Where(record => record.Value == json).Select(record => record.Key)];
                model.Erase(keys, json);
                await files.Erase(keys);
            }
            if (model.Random.Next(4) == 0)
                await files.World.Kill();
            var before = await Versions(files);
            files.Put(model.Name, model.Text());
            var counts = model.Random.Next(2) == 0 ? await files.RunAndDie(model.Random.Next(1, 4)) : await files.Run();
            Assert.True(counts.In == model.Rows.Count, $"round {round}: {counts.In} rows of {model.Rows.Count}");
            await Check(files, model, before);
        }
    }

    private static async Task Check(KeyedFolder files, Model model, Dictionary<string, (long Version, string Json)> before)
    {
        var (expected, found) = (model.Expected(), await files.Records());
        Assert.Equal(expected.Select(pair => $"{pair.Key}: {pair.Value}"), found.Select(pair => $"{pair.Key}: {pair.Value}"));
        foreach (var (key, (version, json)) in await Versions(files))
            if (before.TryGetValue(key, out var was) && was.Json == json)
                Assert.Equal((key, was.Version), (key, version));
        foreach (var gone in model.ErasedTexts)
            Assert.DoesNotContain(gone, found.Values);
    }

    private static async Task<Dictionary<string, (long Version, string Json)>> Versions(KeyedFolder files) =>
        (await files.World.Log.Current(PipelineWorld.Tenant, files.Stream, null, 10_000, default)).Where(entry => entry.Operation == RecordOperation.Upsert)
            .ToDictionary(entry => entry.Key, entry => (entry.Version, Encoding.UTF8.GetString(entry.Payload.Span)), StringComparer.Ordinal);

    private sealed record Row(string? Id, string Name, string City);

    /// <summary>What the file holds, and what becomes of each row of it.</summary>
    private sealed class Model
    {
        private readonly HashSet<string> erasedKeys = new(StringComparer.Ordinal);
        private readonly bool hasIds;
        private int columns;
        private int born;

        public Model(string name, int seed, bool hasIds)
        {
            (Name, Random, this.hasIds) = (name, new Random(seed), hasIds);
            for (var i = Random.Next(2, 6); i > 0; i--)
                Rows.Add(Born());
        }

        public string Name { get; }

        public Random Random { get; }

        public List<Row> Rows { get; } = [];

        public HashSet<string> ErasedTexts { get; } = new(StringComparer.Ordinal);

        public void Edit()
        {
            var at = Rows.Count == 0 ? 0 : Random.Next(Rows.Count);
            switch (Random.Next(Rows.Count < 2 ? 1 : 9))
            {
                case 0 or 1:
                    Rows.Insert(Random.Next(Rows.Count + 1), Born());
                    break;
                case 2:
                    Rows.RemoveAt(at);
                    break;
                case 3:
                    (Rows[0], Rows[at]) = (Rows[at], Rows[0]);
                    break;
                case 4:
                    Rows[at] = Rows[at] with { Id = Rows[Random.Next(Rows.Count)].Id };
                    break;
                case 5:
                    Rows[at] = Rows[at] with { Id = null };
                    break;
                case 6:
                    Rows[at] = Rows[at] with { City = $"city {Random.Next(5)}" };
                    break;
                case 7:
                    Rows.Add(Rows[at]);
                    break;
                default:
                    columns++;
                    break;
            }
        }

        public void Erase(string[] keys, string json)
        {
            erasedKeys.UnionWith(keys);
            ErasedTexts.Add(json);
        }

        /// <summary>Keys and contents of the records that are there once all is read.</summary>
        public SortedDictionary<string, string> Expected()
        {
            var (expected, seen) = (new SortedDictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
            for (var i = 0; i < Rows.Count; i++)
            {
                var json = Json(Rows[i]);
                var key = !hasIds ? $"{Name}#{i + 1}" : Rows[i].Id ?? $"{Name}#~{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(json)).AsSpan(0, 16))}";
                if (seen.TryAdd(key, json) && !erasedKeys.Contains(key) && !ErasedTexts.Contains(json))
                    expected[key] = json;
            }
            return expected;
        }

        public string Text()
        {
            if (!Name.EndsWith(".csv", StringComparison.Ordinal))
                return Name.EndsWith(".json", StringComparison.Ordinal) ? $"[{string.Join(",\n", Rows.Select(Json))}]" : string.Join("\n", Rows.Select(Json));
            var names = Enumerable.Range(1, columns).Select(i => $"extra{i}");
            var lines = Rows.Select(row => string.Join(',', Fields(row).Select(field => field.Value)));
            return string.Join('\n', lines.Prepend(string.Join(',', new[] { hasIds ? "id" : "kind", "name", "city" }.Concat(names)))) + "\n";
        }

        private Row Born() => new(hasIds ? $"{++born}" : "p", $"name {Random.Next(1_000_000)}", $"city {Random.Next(5)}");

        private IEnumerable<(string Name, string? Value)> Fields(Row row)
        {
            yield return (hasIds ? "id" : "kind", row.Id);
            yield return ("name", row.Name);
            yield return ("city", row.City);
            for (var i = 1; i <= columns; i++)
                yield return ($"extra{i}", $"x{i}");
        }

        private string Json(Row row) => $"{{{string.Join(',', Fields(row).Select(field => $"\"{field.Name}\":{(field.Value is null ? "null" : JsonSerializer.Serialize(field.Value, Plain))}"))}}}";

        private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    }
}
