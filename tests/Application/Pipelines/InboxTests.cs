using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;

namespace Sophia.Pipelines;

// Goal: a dropped file that was acknowledged survives a power loss. Method: the disk records what it is asked for, can wait, and can fail.
public sealed class InboxTests : IAsyncLifetime
{
    private readonly SophiaApp app = new();
    private readonly WatchedDisk disk = new();

    public Task InitializeAsync()
    {
        app.Adapt = builder => builder.Services.AddSingleton<IInboxDisk>(disk);
        return app.InitializeAsync();
    }

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_file_is_on_the_disk_with_its_folders_and_its_name_before_it_is_acknowledged()
    {
        disk.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = Drop("calls/may/one.txt", "Ann called.");
        await disk.Reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(answer.IsCompleted);
        disk.Gate.SetResult();
        Assert.Equal(HttpStatusCode.Accepted, (await answer).StatusCode);
        Assert.Equal(["folder may", "flush 11 bytes", "place one.txt"], disk.Asked);
        Assert.Equal("Ann called.", await File.ReadAllTextAsync(Kept("calls/may/one.txt")));
    }

    [Theory]
    [InlineData(28, 507, "storage-full")]
    [InlineData(5, 500, "internal")]
    public async Task A_disk_that_fails_acknowledges_nothing_and_leaves_nothing_half_written(int errno, int status, string code)
    {
        disk.Failure = new IOException("secret path", errno);
        var problem = await (await Drop("one.txt", "Ann called.")).Problem(status, code);
        Assert.DoesNotContain("secret path", problem.ToString());
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Kept("one.txt"))!));
        disk.Failure = null;
        Assert.Equal(HttpStatusCode.Accepted, (await Drop("one.txt", "Ann called.")).StatusCode);
    }

    [Theory]
    [InlineData("one.txt/two.txt", 409, "conflict")]
    [InlineData("one.txt/two/three.txt", 409, "conflict")]
    [InlineData("calls", 409, "conflict")]
    [InlineData("😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀.txt", 400, "invalid")]
    public async Task A_path_that_the_folder_cannot_take_is_refused_and_leaves_nothing(string path, int status, string code)
    {
        await Drop("one.txt", "Ann called.");
        await Drop("calls/two.txt", "Bob called.");
        await (await Drop(path, "x")).Problem(status, code);
        var inbox = Path.GetDirectoryName(Kept("one.txt"))!;
        Assert.Equal(["calls/two.txt", "one.txt"], Directory.GetFiles(inbox, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(inbox, file)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_was_half_written_when_a_process_was_killed_is_gone_after_a_start()
    {
        await Drop("calls/one.txt", "Ann called.");
        var (old, young) = (Kept("calls/.abc.part"), Kept("calls/.def.part"));
        await File.WriteAllTextAsync(old, "half");
        await File.WriteAllTextAsync(young, "half");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-1));
        await app.Restart();
        Assert.Equal([false, true, true], new[] { old, young, Kept("calls/one.txt") }.Select(File.Exists));
    }

    private string Kept(string path) => Path.Combine(app.Folder, "data", "inbox", "default", path);

    private Task<HttpResponseMessage> Drop(string path, string text) =>
        app.Owner.PostAsync($"/api/inbox?path={Uri.EscapeDataString(path)}&start=false", new StringContent(text));

    private sealed class WatchedDisk : IInboxDisk
    {
        private readonly InboxDisk real = new();

        public List<string> Asked { get; } = [];

        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource? Gate { get; set; }

        public Exception? Failure { get; set; }

        public void CreateFolder(string path)
        {
            Asked.Add($"folder {Path.GetFileName(path)}");
            real.CreateFolder(path);
        }

        public void Flush(FileStream file)
        {
            if (Failure is not null)
                throw Failure;
            real.Flush(file);
            Asked.Add($"flush {file.Length} bytes");
        }

        public void Place(string partial, string target)
        {
            real.Place(partial, target);
            Asked.Add($"place {Path.GetFileName(target)}");
            Reached.TrySetResult();
            Gate?.Task.Wait();
        }
    }
}
