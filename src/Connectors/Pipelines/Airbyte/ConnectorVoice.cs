using System.Globalization;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Hears what a connector says beside its records: logs, errors, changes of its configuration. Secrets are blanked before anything is kept.</summary>
internal sealed class ConnectorVoice(string source, SecretBlanks blanks, ConnectorLines lines)
{
    /// <summary>The last error that the connector told of all of its work, or null.</summary>
    public ConnectorError? Error { get; private set; }

    /// <summary>The configuration that the connector asked to keep, until somebody takes it.</summary>
    public string? Changed { get; private set; }

    public void Say(ConnectorLineLevel level, string text) => lines.Add(level, blanks.Of(text));

    public IReadOnlyList<ConnectorLine> Take() => lines.Take();

    public string? TakeChanged()
    {
        var taken = Changed;
        Changed = null;
        return taken;
    }

    public void Hear(AirbyteMessage.Chatter chatter)
    {
        if (chatter.Text.Trim() is { Length: > 0 } text)
            Say(ConnectorLineLevel.Information, text);
    }

    /// <summary>False where the message is none of these.</summary>
    public bool Hear(AirbyteMessage.Other message)
    {
        switch (message.Type)
        {
            case "LOG":
                Log(message.Body);
                return true;
            case "CONTROL":
                Control(message.Body);
                return true;
            case "CONNECTION_STATUS":
                Status(message.Body);
                return true;
            case "TRACE" when TypeOf(message.Body) == "ERROR":
                Trace(message.Body);
                return true;
            case "TRACE" when TypeOf(message.Body) == "ESTIMATE":
                Estimate(message.Body);
                return true;
            case "TRACE" when TypeOf(message.Body) == "ANALYTICS":
                return true;
            default:
                return false;
        }
    }

    public static string? TypeOf(JsonElement body) => TextOf(body, "type");

    public static string? TextOf(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private void Log(JsonElement log)
    {
        var level = TextOf(log, "level") switch
        {
            "FATAL" or "ERROR" => ConnectorLineLevel.Error,
            "WARN" => ConnectorLineLevel.Warning,
            "DEBUG" or "TRACE" => ConnectorLineLevel.Debug,
            _ => ConnectorLineLevel.Information,
        };
        var text = TextOf(log, "message") ?? "";
        Say(level, TextOf(log, "stack_trace") is { Length: > 0 } trace ? $"{text}\n{trace}" : text);
    }

    // Some connectors look before they read, find that they cannot, say so, and end as if all were well.
    private void Status(JsonElement status)
    {
        if (TextOf(status, "status") != "FAILED")
            return;
        Error = new ConnectorError(blanks.Of(TextOf(status, "message") ?? "It could not reach its source."), Transient: false);
        Say(ConnectorLineLevel.Error, Error.Message);
    }

    private void Trace(JsonElement trace)
    {
        var error = trace.TryGetProperty("error", out var found) ? found : default;
        var message = TextOf(error, "message") is { Length: > 0 } told ? told : TextOf(error, "internal_message") ?? "It told an error without a message.";
        var kind = TextOf(error, "failure_type");
        var stream = error.ValueKind == JsonValueKind.Object && error.TryGetProperty("stream_descriptor", out var of) ? TextOf(of, "name") : null;
        Error = new ConnectorError(stream is null ? blanks.Of(message) : $"stream {stream}: {blanks.Of(message)}", kind != "config_error");
        var inside = TextOf(error, "internal_message") is { Length: > 0 } more && more != message ? $" ({more})" : "";
        Say(ConnectorLineLevel.Error, $"{(stream is null ? "" : $"Stream {stream}: ")}{message}{inside}{(kind is null ? "" : $" [{kind}]")}");
    }

    private void Control(JsonElement control)
    {
        if (TypeOf(control) != "CONNECTOR_CONFIG" || !control.TryGetProperty("connectorConfig", out var changed) || !changed.TryGetProperty("config", out var config) || config.ValueKind != JsonValueKind.Object)
        {
            Say(ConnectorLineLevel.Warning, $"{source}: the connector sent a control message that Sophia does not know; it is left aside.");
            return;
        }
        Changed = config.GetRawText();
        foreach (var value in Values(config))
            blanks.Add(value);
    }

    private void Estimate(JsonElement trace)
    {
        if (!trace.TryGetProperty("estimate", out var estimate) || !estimate.TryGetProperty("row_estimate", out var rows) || rows.ValueKind != JsonValueKind.Number)
            return;
        Say(ConnectorLineLevel.Information, string.Create(CultureInfo.InvariantCulture, $"The connector expects {rows.GetRawText()} records{(TextOf(estimate, "name") is { } stream ? $" in stream {stream}" : "")}."));
    }

    // Of a changed configuration anything long may be a new token.
    private static IEnumerable<string> Values(JsonElement config) => config.ValueKind switch
    {
        JsonValueKind.Object => config.EnumerateObject().SelectMany(field => Values(field.Value)),
        JsonValueKind.Array => config.EnumerateArray().SelectMany(Values),
        JsonValueKind.String when config.GetString() is { Length: >= 12 } text => [text],
        _ => [],
    };
}

/// <param name="Transient">Trying again may help: the connector does not blame its configuration.</param>
internal sealed record ConnectorError(string Message, bool Transient);
