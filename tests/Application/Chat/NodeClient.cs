using System.Diagnostics;
using System.Text.Json;

namespace Sophia.Chat;

/// <summary>Needs Node and the client that "npm ci" puts into tests/Application/Chat/js; says what is missing where they are not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = NodeClient.Missing;
}

/// <summary>The public JavaScript client in a process of its own.</summary>
internal sealed class NodeClient : IDisposable
{
    private readonly Process process;
    private readonly Task<string> complaints;

    public NodeClient(string url, string key, string session, string? question, long after = 0)
    {
        var start = new ProcessStartInfo("node", ["resume.mjs"]) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SOPHIA_URL"] = url;
        start.Environment["SOPHIA_KEY"] = key;
        start.Environment["SOPHIA_SESSION"] = session;
        start.Environment["SOPHIA_AFTER"] = $"{after}";
        if (question is not null)
            start.Environment["SOPHIA_QUESTION"] = question;
        process = Process.Start(start)!;
        complaints = process.StandardError.ReadToEndAsync();
    }

    public static string? Missing => !Directory.Exists(Path.Combine(Folder, "node_modules", "@microsoft", "signalr")) ? "no @microsoft/signalr: run npm ci in tests/Application/Chat/js"
        : !HasNode() ? "no Node" : null;

    private static string Folder { get; } = Find();

    public async Task<string> Line()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await process.StandardOutput.ReadLineAsync(deadline.Token) ?? throw new InvalidOperationException(await complaints);
    }

    public async Task<JsonElement> Result() => JsonDocument.Parse(await Line()).RootElement;

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }

    private static bool HasNode() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "node")));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Directory.Exists(Path.Combine(folder.FullName, "tests", "Application", "Chat", "js")))
                return Path.Combine(folder.FullName, "tests", "Application", "Chat", "js");
        return AppContext.BaseDirectory;
    }
}
