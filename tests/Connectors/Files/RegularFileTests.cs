using System.Diagnostics;

namespace Sophia.Pipelines;

/// <summary>What lies at a path may change between the look at it and its opening.</summary>
public sealed class RegularFileTests
{
    [Fact]
    public void A_link_that_took_a_files_place_is_not_read()
    {
        using var outside = new Folder();
        outside.Put("secret.csv", "a\nsecret\n").Put("deep/in.csv", "a\nsecret\n");
        using var folder = new Folder();
        folder.Put("in.csv", "a\n1\n");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "out.csv"), Path.Combine(outside.Path, "secret.csv"));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "deep"), Path.Combine(outside.Path, "deep"));
        foreach (var path in new[] { "out.csv", "deep/in.csv" })
            Assert.Contains("link", Assert.Throws<IOException>(() => RegularFile.Open(Path.Combine(FolderWalk.Real(folder.Path), path))).Message);
        using var plain = RegularFile.Open(Path.Combine(FolderWalk.Real(folder.Path), "in.csv"));
        Assert.Equal(4, plain.Length);
    }

    [Fact]
    public async Task A_pipe_that_nobody_writes_is_not_waited_for()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = new Folder();
        var path = Path.Combine(FolderWalk.Real(folder.Path), "pipe.csv");
        using (var make = Process.Start("mkfifo", [path]))
            await make.WaitForExitAsync();
        var opening = Task.Run(() => RegularFile.Open(path));
        Assert.Contains("pipe", (await Assert.ThrowsAsync<IOException>(() => opening.WaitAsync(TimeSpan.FromSeconds(30)))).Message);
    }
}
