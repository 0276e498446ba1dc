using Microsoft.AspNetCore.SignalR;
using Serilog.Events;
using Serilog.Parsing;
using Sophia.Operations;

namespace Sophia.Hosting;

/// <summary>Log lines: what outsiders name stays on its line, and a refusal of the hub is no line at all.</summary>
public sealed class TameLinesTests
{
    [Fact]
    public void A_files_name_cannot_begin_a_line_or_steer_the_terminal()
    {
        using var written = new StringWriter();
        new TameLines().Format(Line("Cannot read {File}", new InvalidOperationException("odd\n12:00:00 INF forged"), ("File", "a\n12:00:00 INF forged\u001b[2J")), written);
        var lines = written.ToString().TrimEnd().Split('\n');
        Assert.DoesNotContain('\u001b', written.ToString());
        Assert.EndsWith("Cannot read a\uFFFD12:00:00 INF forged\uFFFD[2J ", lines[0]);
        Assert.All(lines[1..], line => Assert.StartsWith("  ", line));
    }

    [Fact]
    public void A_refusal_of_the_hub_is_not_logged_and_a_surprise_is()
    {
        var hub = ("SourceContext", "Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher");
        Assert.True(Server.IsRefusal(Line("Failed", new HubException("busy: wait"), hub)));
        Assert.True(Server.IsRefusal(Line("Failed", new RefusedException(RefusalCode.Busy, "wait"), hub)));
        Assert.False(Server.IsRefusal(Line("Failed", new InvalidOperationException("odd"), hub)));
        Assert.False(Server.IsRefusal(Line("Failed", new RefusedException(RefusalCode.Busy, "wait"), ("SourceContext", "Sophia.Pipelines"))));
    }

    /// <summary>Of each kind of line one a minute, its reason in place of the stack; what fails otherwise keeps its stack.</summary>
    [Fact]
    public void While_a_store_is_away_the_log_says_so_once_a_minute()
    {
        var (away, formatter) = (new StoreAway(), (TameLines?)null);
        formatter = new TameLines(away);
        var lost = new InvalidOperationException("state", new Sophia.Log.StorageException(Sophia.Log.StorageFault.Unreachable, "PostgreSQL at db does not answer: refused"));
        var said = new List<string>();
        for (var second = 0; second < 150; second++)
            foreach (var (template, failure) in ((string, Exception)[])[("Queues of {Tenant} failed", lost), ("Index of {Tenant} failed", new RefusedException(RefusalCode.Unavailable, "The store does not answer. Whether")), ("Odd", new InvalidOperationException("odd"))])
                if (new LogEvent(DateTimeOffset.UnixEpoch.AddSeconds(second), LogEventLevel.Warning, failure, new MessageTemplateParser().Parse(template), [new LogEventProperty("Tenant", new ScalarValue($"t{second}"))]) is var line && !away.Hides(line))
                {
                    using var written = new StringWriter();
                    formatter.Format(line, written);
                    said.Add(written.ToString());
                }
        Assert.Equal(150, said.Count(text => text.Contains("  System.InvalidOperationException: odd", StringComparison.Ordinal)));
        Assert.Equal(6, said.Count(text => text.Contains("does not answer", StringComparison.Ordinal)));
        Assert.Equal(150, said.Count(text => text.Contains("   at ", StringComparison.Ordinal) || text.Contains("odd", StringComparison.Ordinal)));
        Assert.All(said.Where(text => text.Contains("does not answer", StringComparison.Ordinal)), text => Assert.Single(text.TrimEnd().Split('\n')));
        Assert.Equal(4, said.Count(text => text.Contains("(and 59 more lines of this kind)", StringComparison.Ordinal)));
        Assert.Contains("Queues of t60 failed: PostgreSQL at db does not answer: refused", said[said.FindIndex(text => text.Contains("t60", StringComparison.Ordinal))], StringComparison.Ordinal);
    }

    private static LogEvent Line(string template, Exception? exception, params (string Name, string Value)[] properties) =>
        new(DateTimeOffset.UnixEpoch, LogEventLevel.Error, exception, new MessageTemplateParser().Parse(template), properties.Select(p => new LogEventProperty(p.Name, new ScalarValue(p.Value))));
}
