using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;
using Sophia.Commands;

namespace Sophia.Hosting;

/// <summary>Writes log lines in which names of files, records and callers cannot begin a line of their own or steer a terminal: control characters are U+FFFD.</summary>
/// <param name="away">Shortens what is said of a store that does not answer; null: everything is shown.</param>
internal sealed class TameLines(StoreAway? away = null) : ITextFormatter
{
    private readonly MessageTemplateTextFormatter line = new("{Timestamp:HH:mm:ss} {Level:u3} {Message:l} {CorrelationId}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        line.Format(logEvent, text);
        if (away is not null && StoreAway.ReasonOf(logEvent.Exception) is { } reason)
        {
            output.WriteLine(Show.OneLine($"{text.ToString().TrimEnd()}: {reason}{(away.Shown(logEvent) is > 0 and var more ? $" (and {more} more lines of this kind)" : "")}"));
            return;
        }
        output.WriteLine(Show.OneLine(text.ToString()));
        if (logEvent.Exception is { } exception)
            output.WriteLine("  " + Show.Tame(exception.ToString()).ReplaceLineEndings("\n  ")); // Of several lines by nature, each marked as no beginning.
    }
}
