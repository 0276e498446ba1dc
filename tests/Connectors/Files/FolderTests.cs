using System.IO.Compression;
using System.Text;

namespace Sophia.Pipelines;

/// <summary>Which files of a folder are read, in which order, and what is said of those that are not.</summary>
public sealed class FolderTests
{
    [Fact]
    public async Task Files_come_in_one_order_hidden_ones_not_at_all_and_unknown_ones_by_name()
    {
        using var folder = new Folder();
        folder.Put("b.csv", "a\n1\n").Put("a/z.md", "# Z").Put("a.json", "{}").Put(".git/config.json", "{}").Put("a/.hidden.csv", "a\n").Put("x.exe", "MZ").Put("README", "hi").Put("empty.csv", "").Put("bin.txt", [65, 0, 66]);
        var partitions = await folder.Partitions();
        Assert.Equal(["README", "a.json", "a/z.md", "b.csv", "bin.txt", "empty.csv", "x.exe"], partitions.Select(p => p.Id));
        Assert.Equal(["no reader for a file without an extension", null, null, null, "binary content (NUL bytes), or UTF-16 without a byte order mark", "the file is empty", "no reader for .exe"], partitions.Select(p => p.Unreadable));
    }

    [Theory]
    [InlineData("*.csv", "", "a/b/x.csv,x.csv")]
    [InlineData("**/x.*", "a/**", "x.csv,x.md")]
    [InlineData("a/*/x.{csv,md}", "", "a/b/x.csv")]
    [InlineData("", "*.md\n*.csv", "y.txt")]
    [InlineData("?.txt", "", "y.txt")]
    public async Task Globs_choose(string include, string exclude, string expected)
    {
        using var folder = new Folder();
        folder.Put("x.csv", "a\n1").Put("x.md", "x").Put("y.txt", "y").Put("a/b/x.csv", "a\n1");
        Assert.Equal(expected.Split(','), (await folder.Partitions(("include", include), ("exclude", exclude))).Select(p => p.Id));
    }

    [Fact]
    public async Task A_link_out_of_the_folder_is_named_and_never_read()
    {
        using var outside = new Folder();
        outside.Put("secret.csv", "a\nsecret\n").Put("deep/secret.csv", "a\nsecret\n");
        using var folder = new Folder();
        folder.Put("in.csv", "a\n1\n");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "out.csv"), Path.Combine(outside.Path, "secret.csv"));
        File.CreateSymbolicLink(Path.Combine(folder.Path, "self.csv"), Path.Combine(folder.Path, "in.csv"));
        File.CreateSymbolicLink(Path.Combine(folder.Path, "nowhere.csv"), Path.Combine(folder.Path, "none"));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "far"), Path.Combine(outside.Path, "deep"));
        var partitions = await folder.Partitions();
        Assert.Equal([("far", "a link that leads out of the folder"), ("in.csv", null), ("nowhere.csv", "a link that leads nowhere"), ("out.csv", "a link that leads out of the folder")],
            partitions.Select(p => (p.Id, p.Unreadable)));
        foreach (var id in new[] { "out.csv", "far/secret.csv", "self.csv" })
            Assert.Contains("link", (await Assert.ThrowsAsync<SourceException>(() => folder.Read(id))).Message);
    }

    [Theory]
    [InlineData("../x.csv")]
    [InlineData("/etc/hostname")]
    [InlineData("a/../../x.csv")]
    public async Task A_partition_outside_is_refused(string id)
    {
        using var folder = new Folder();
        var kind = FilesUnderTest.Kind(folder.Options);
        await Assert.ThrowsAsync<SourceException>(() => kind.Open(FilesUnderTest.Source(folder.Path), new SourcePartition(id, "f", 1), null, default));
    }

    [Fact]
    public async Task An_installation_may_limit_which_folders_are_read()
    {
        using var folder = new Folder();
        folder.Put("a.csv", "a\n1\n");
        folder.Options.AllowedRoots = ["/nonexistent"];
        Assert.Contains("outside the folders", (await Assert.ThrowsAsync<SourceException>(() => folder.Partitions())).Message);
        folder.Options.AllowedRoots = [folder.Path];
        Assert.Single(await folder.Partitions());
        folder.Options.ForbiddenRoots = [folder.Path];
        await Assert.ThrowsAsync<SourceException>(() => folder.Partitions());
    }

    [Fact]
    public async Task Who_may_not_read_there_does_not_learn_what_exists()
    {
        using var folder = new Folder();
        folder.Options.AllowedRoots = [Path.Combine(folder.Path, "mine")];
        foreach (var elsewhere in new[] { folder.Path, Path.Combine(folder.Path, "none") })
            Assert.EndsWith("lies outside the folders that this installation allows.",
                (await Assert.ThrowsAsync<SourceException>(() => FilesUnderTest.Partitions(elsewhere, folder.Options, []))).Message);
    }

    [Fact]
    public async Task A_watched_file_that_is_still_written_is_left_until_it_settles()
    {
        using var folder = new Folder();
        folder.Put("new.csv", "a\n1\n").Put("old.csv", "a\n1\n");
        File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "old.csv"), DateTime.UtcNow.AddMinutes(-1));
        File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "new.csv"), DateTime.UtcNow.AddMinutes(1));
        Assert.Equal([("new.csv", true), ("old.csv", false)], (await folder.Partitions(("watch", "true"))).Select(p => (p.Id, p.Settling)));
        Assert.All(await folder.Partitions(), p => Assert.False(p.Settling));
    }

    /// <summary>From an archive, or from before the clock was set back: waiting for that day would be for ever.</summary>
    [Fact]
    public async Task A_watched_file_from_the_far_future_is_read_now()
    {
        using var folder = new Folder();
        folder.Put("new.csv", "a\n1\n");
        File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "new.csv"), DateTime.UtcNow.AddYears(3));
        Assert.False(Assert.Single(await folder.Partitions(("watch", "true"))).Settling);
    }

    [Fact]
    public async Task A_folder_and_a_file_with_a_name_that_is_not_UTF8_are_named()
    {
        if (!OperatingSystem.IsLinux())
            return; // Elsewhere there is no such name.
        using var folder = new Folder();
        folder.Put("a.csv", "a\n1\n");
        await Shell(@"mkdir ""$(printf 'd\377')"" && echo 1 > ""$(printf 'd\377')/x.csv"" && echo 1 > ""$(printf 'f\377.csv')""", folder.Path);
        Assert.Equal([("a.csv", null), ("d\uFFFD", "its name is not UTF-8; rename it"), ("f\uFFFD.csv", "its name is not UTF-8; rename it")],
            (await folder.Partitions()).Select(p => (p.Id, p.Unreadable)));
        await Shell("rm -rf ./*", folder.Path);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_looked_into_is_named_and_the_rest_goes_on()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = new Folder();
        folder.Put("a.csv", "a\n1\n").Put("closed/b.csv", "a\n1\n").Put("z.csv", "a\n1\n");
        var closed = Path.Combine(folder.Path, "closed");
        File.SetUnixFileMode(closed, UnixFileMode.None);
        try
        {
            if (Directory.EnumerateFiles(closed).Any())
                return; // As root nothing is closed.
        }
        catch (UnauthorizedAccessException)
        {
            Assert.Equal([("a.csv", null), ("closed", "a folder that may not be read"), ("z.csv", null)], (await folder.Partitions()).Select(p => (p.Id, p.Unreadable)));
        }
        finally
        {
            File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task A_fingerprint_changes_with_the_content()
    {
        using var folder = new Folder();
        folder.Put("a.csv", "a\n1\n");
        var before = (await folder.Partitions())[0].Fingerprint;
        Assert.Equal(before, (await folder.Partitions())[0].Fingerprint);
        folder.Put("a.csv", "a\n1\n2\n");
        Assert.NotEqual(before, (await folder.Partitions())[0].Fingerprint);
    }

    [Theory]
    [InlineData("path", "")]
    [InlineData("maxLineBytes", "lots")]
    [InlineData("settleFor", "2 fortnights")]
    [InlineData("encoding", "ebcdic")]
    [InlineData("format", "xlsx")]
    [InlineData("watch", "perhaps")]
    public async Task A_wrong_setting_is_named_with_what_was_expected(string name, string value)
    {
        var source = new SourceContext("t", "p", new SourceDefinition("files", new Dictionary<string, string> { ["path"] = "/tmp", [name] = value }));
        var wrong = await Assert.ThrowsAsync<SourceException>(async () => await FilesUnderTest.Kind(new FilesOptions()).Partitions(source, default).GetAsyncEnumerator().MoveNextAsync());
        Assert.Contains(name, wrong.Message);
        Assert.False(wrong.Transient);
    }

    [Fact]
    public async Task A_compressed_file_is_expanded_and_goes_on_anywhere_and_a_bomb_is_stopped()
    {
        using var folder = new Folder();
        var rows = string.Concat(Enumerable.Range(0, 1_000).Select(i => $"{{\"id\":{i}}}\n"));
        folder.Put("a.jsonl.gz", Gzip(Encoding.UTF8.GetBytes(rows)));
        var small = await FilesUnderTest.Read(folder.Path, "a.jsonl.gz", folder.Options, null, new BatchBudget(100, 1 << 20));
        Assert.Equal(1_000, small.Records.Count);
        Assert.Equal("p/a", small.Records[0].Stream);
        Assert.Equal(500, (await FilesUnderTest.Read(folder.Path, "a.jsonl.gz", folder.Options, small.Batches[4].State, BatchBudget.Default)).Records.Count);

        (folder.Options.MaxExpandedBytes, folder.Options.MaxExpansion) = (6_000, 1);
        var stopped = await folder.Read("a.jsonl.gz");
        Assert.Equal("gzip", Assert.Single(stopped.Bad).Reason.Rule);
        Assert.True(stopped.Records.Count < 1_000);
        Assert.Empty((await FilesUnderTest.Read(folder.Path, "a.jsonl.gz", folder.Options, stopped.Batches[^1].State, BatchBudget.Default)).Bad);

        folder.Put("b.csv.gz", "no gzip");
        Assert.Equal("not a valid gzip file", (await folder.Partitions()).Single(p => p.Id == "b.csv.gz").Unreadable);
    }

    // The runtime can neither make nor delete such names.
    private static async Task Shell(string command, string folder)
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", command]) { WorkingDirectory = folder })!;
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return buffer.ToArray();
    }
}
