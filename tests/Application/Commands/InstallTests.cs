using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Sophia.Hosting;

namespace Sophia.Commands;

/// <summary>The install script, with a stand-in for the program; and, nightly, the program itself as it is published, installed far from the repository.</summary>
public sealed class InstallTests : IDisposable
{
    private static readonly string Script = Path.Combine(Sources.Root, "deploy", "install", "install.sh");

    private readonly string folder = Directory.CreateTempSubdirectory("sophia-install-").FullName;

    private string From => Path.Combine(folder, "from");

    private string Home => Path.Combine(folder, "home");

    private string Program => Path.Combine(Home, ".local", "bin", "sophia");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [ToolFact("sh")]
    public async Task An_archive_is_installed_for_the_account_found_again_and_removed()
    {
        Archive("1.0.0");
        var (code, said) = await Install("--from", From);
        Assert.True(code == 0, said);
        Assert.Contains("1.0.0-stand-in", said);
        Assert.Contains("Put it on your path", said);
        Assert.Equal((0, "1.0.0-stand-in"), (await Run(Program, "--version")).Trimmed());

        Archive("1.1.0");
        Assert.Equal(0, (await Install("--from", From)).Code);
        Assert.Equal("1.1.0-stand-in", (await Run(Program, "--version")).Trimmed().Output);
        Assert.Single(Directory.GetDirectories(Path.Combine(Home, ".local", "lib", "sophia")));

        Assert.Equal(0, (await Install("--uninstall")).Code);
        Assert.Empty(Directory.GetFiles(Path.Combine(Home, ".local", "bin")));
        Assert.False(Directory.Exists(Path.Combine(Home, ".local", "lib", "sophia")));
        Assert.Contains("no Sophia", (await Install("--uninstall")).Output);
    }

    [ToolFact("sh")]
    public async Task An_archive_that_is_not_what_its_checksum_says_is_not_installed()
    {
        Archive("1.0.0");
        Assert.Equal(0, (await Install("--from", From)).Code);
        Archive("1.1.0");
        foreach (var archive in Directory.GetFiles(From, "*1.1.0*.tar.gz"))
            await File.AppendAllTextAsync(archive, "x");
        var (code, said) = await Install("--from", From);
        Assert.Equal(1, code);
        Assert.Contains("nothing was installed", said);
        Assert.Equal("1.0.0-stand-in", (await Run(Program, "--version")).Trimmed().Output);
        Assert.Empty(Directory.GetDirectories(Path.Combine(Home, ".local", "lib", "sophia"), ".new*"));
    }

    [ToolFact("sh")]
    public async Task A_folder_that_holds_something_else_is_left_alone()
    {
        Archive("1.0.0");
        var mine = Directory.CreateDirectory(Path.Combine(folder, "mine")).FullName;
        await File.WriteAllTextAsync(Path.Combine(mine, "letter.txt"), "dear");
        Assert.Contains("something else", (await Install("--from", From, "--to", mine)).Output);
        Assert.Contains("no Sophia", (await Install("--uninstall", "--to", mine)).Output);
        Assert.Equal(["letter.txt"], Directory.GetFileSystemEntries(mine).Select(Path.GetFileName));
        Assert.Contains("Say where", (await Install()).Output);
    }

    // Goal: what is published needs nothing of the repository. Method: publish for this machine, install, and serve, ingest, search and end in a folder of its own.
    [NightlyFact]
    public async Task The_published_program_serves_far_from_the_repository()
    {
        var (made, log) = await Run(Path.Combine(Sources.Root, "sophia"), "publish", "--runtime", "InProcess", "--rid", "linux-x64", "--out", From);
        Assert.True(made == 0, log);
        var (code, said) = await Install("--from", From);
        Assert.True(code == 0, said);
        await Serves(Program, said);
    }

    [NightlyFact]
    public async Task The_package_is_installed_by_dotnet_tool_from_its_folder_alone_and_serves()
    {
        var (made, log) = await Run(Path.Combine(Sources.Root, "sophia"), "publish", "--runtime", "InProcess", "--rid", "tool", "--out", From);
        Assert.True(made == 0, log);
        var tools = Path.Combine(folder, "tools");
        var (code, said) = await Run("dotnet", "tool", "install", "--tool-path", tools, "--source", From, "Sophia.Tool");
        Assert.True(code == 0, said);
        await Serves(Path.Combine(tools, "sophia"), "");
    }

    /// <summary>An installed program serves from the account's own folder, takes a folder in, finds, answers, and ends when it is asked to.</summary>
    private async Task Serves(string program, string said)
    {
        var notes = Directory.CreateDirectory(Path.Combine(folder, "notes")).FullName;
        await File.WriteAllTextAsync(Path.Combine(notes, "boat.md"), "# Boat\nThe boat lies in Turku until May.\n");
        using var up = Start(program, "up", "--url", "http://127.0.0.1:0");
        try
        {
            while (await up.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("Ctrl-C", StringComparison.Ordinal))
                said += line + "\n";
            Assert.Contains($"Data is in {Home}/.local/share/sophia/data", said);
            Assert.Equal(0, (await Run(program, "ingest", notes)).Code);
            Assert.Contains("Turku", (await Run(program, "search", "boat")).Output);
            Assert.Equal(0, (await Run(program, "ask", "Where does the boat lie?")).Code);
            Assert.Equal(0, (await Run(program, "doctor", "--data", Path.Combine(folder, "other"))).Code);
            Assert.Contains("sophia signin", (await Run(program, "--help")).Output + (await Run(program, "signin", "--help")).Output);
            using var http = new HttpClient();
            Assert.Contains("class=\"top\"", await Page(http, said.Split("Sophia serves at ")[1].Split(' ')[0]));
            Assert.Equal(0, await BuiltProgram.Terminate(up));
        }
        finally
        {
            if (!up.HasExited)
                up.Kill();
        }
    }

    private async Task<string> Page(HttpClient http, string url)
    {
        http.DefaultRequestHeaders.Authorization = new("Bearer", HomeFolder.CliKey(Path.Combine(Home, ".local", "share", "sophia", "data")));
        return await http.GetStringAsync($"{url}/pipelines");
    }

    private void Archive(string version)
    {
        Directory.CreateDirectory(From);
        foreach (var rid in (string[])["linux-x64", "linux-arm64", "osx-x64", "osx-arm64"])
        {
            var name = $"sophia-{version}-{rid}";
            using var file = File.Create(Path.Combine(From, $"{name}.tar.gz"));
            using var zip = new GZipStream(file, CompressionLevel.Fastest);
            using var tar = new TarWriter(zip);
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)Convert.ToInt32("755", 8) });
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{name}/sophia") { Mode = (UnixFileMode)Convert.ToInt32("755", 8), DataStream = new MemoryStream(Encoding.UTF8.GetBytes($"#!/bin/sh\necho {version}-stand-in\n")) });
        }
        File.WriteAllLines(Path.Combine(From, "SHA256SUMS"), Directory.GetFiles(From, "*.tar.gz").Order(StringComparer.Ordinal).Select(file => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}  {Path.GetFileName(file)}"));
    }

    private Task<(int Code, string Output)> Install(params string[] arguments) => Run("sh", [Script, .. arguments]);

    private async Task<(int Code, string Output)> Run(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private Process Start(string program, params string[] arguments)
    {
        Directory.CreateDirectory(Home);
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        var ofDotnet = Environment.GetEnvironmentVariable("HOME");
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("SOPHIA_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        (start.Environment["HOME"], start.Environment["NO_COLOR"]) = (program == Path.Combine(Sources.Root, "sophia") ? ofDotnet : Home, "1");
        start.Environment.Remove("XDG_DATA_HOME");
        return Process.Start(start)!;
    }
}

/// <summary>Takes minutes.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NightlyFactAttribute : FactAttribute
{
    public NightlyFactAttribute() => Skip = Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") == "1" ? null : "skipped: nightly (SOPHIA_NIGHTLY=1)";
}

internal static class Ran
{
    public static (int Code, string Output) Trimmed(this (int Code, string Output) ran) => (ran.Code, ran.Output.Trim());
}
