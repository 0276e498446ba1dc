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

    private static LogEvent Line(string template, Exception? exception, params (string Name, string Value)[] properties) =>
        new(DateTimeOffset.UnixEpoch, LogEventLevel.Error, exception, new MessageTemplateParser().Parse(template), properties.Select(p => new LogEventProperty(p.Name, new ScalarValue(p.Value))));
}
