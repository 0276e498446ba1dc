using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Real folders: every file is read, or named with a reason; every row is a record or quarantined.</summary>
public sealed class SharedDataTests
{
    [SharedDataFact]
    public async Task Every_QMSum_meeting_becomes_one_transcript_with_all_its_turns_and_none_of_its_answers()
    {
        var root = Path.Combine(SharedData.Root!, "qmsum/meetings");
        var partitions = await FilesUnderTest.Partitions(root, new FilesOptions(), [("include", "*.json")]);
        Assert.Equal(95, partitions.Count);
        foreach (var partition in partitions)
        {
            Assert.Null(partition.Unreadable);
            var content = await FilesUnderTest.Read(root, partition.Id, new FilesOptions(), null, BatchBudget.Default);
            var record = Assert.Single(content.Records);
            Assert.Empty(content.Bad);
            Assert.Equal(("p/transcripts", partition.Id), (record.Stream, record.Key));
            using var original = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, partition.Id)));
            using var payload = JsonDocument.Parse(record.Payload);
            var turns = original.RootElement.GetProperty("meeting_transcripts").EnumerateArray().Select(t => (t.GetProperty("speaker").GetString(), t.GetProperty("content").GetString()));
            Assert.Equal(turns, payload.RootElement.GetProperty("turns").EnumerateArray().Select(t => (t.GetProperty("speaker").GetString(), t.GetProperty("text").GetString())));
            Assert.Equal(["general_query_list", "specific_query_list", "topic_list"], payload.RootElement.GetProperty("extra").EnumerateObject().Select(p => p.Name).Order());
        }
    }

    [SharedDataTheory]
    [InlineData("docs_handbook")]
    [InlineData("crm/maven_crm_sales")]
    [InlineData("crm/fivetran_hubspot_seeds")]
    public async Task Every_file_of_a_real_folder_is_read_whole_or_named(string folder)
    {
        var root = Path.Combine(SharedData.Root!, folder);
        var partitions = await FilesUnderTest.Partitions(root, new FilesOptions(), []);
        Assert.Equal(Directory.GetFiles(root, "*", SearchOption.AllDirectories).Count(f => !Path.GetRelativePath(root, f).Split('/').Any(part => part.StartsWith('.'))), partitions.Count);
        foreach (var partition in partitions.Where(p => p.Unreadable is null))
        {
            var content = await FilesUnderTest.Read(root, partition.Id, new FilesOptions(), null, BatchBudget.Default);
            Assert.Equal(partition.Bytes, content.Batches.Sum(b => b.Bytes));
            Assert.True(content.Records.Count + content.Bad.Count > 0 || File.ReadLines(Path.Combine(root, partition.Id)).Count() <= 1, partition.Id);
            Assert.All(content.Records, r => JsonDocument.Parse(r.Payload).Dispose());
        }
        Assert.All(partitions.Where(p => p.Unreadable is not null), p => Assert.Matches("^(no reader for|the file is empty)", p.Unreadable));
    }
}
