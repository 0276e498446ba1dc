using System.Globalization;
using System.Net;
using Sophia.Hosting;

namespace Sophia.Commands;

/// <summary>What the environment says about the cluster and this process's part in it.</summary>
internal static class ClusterSettings
{
    /// <param name="variable">The environment: null or empty where a variable is not set.</param>
    public static ClusterOptions? Options(Func<string, string?> variable) => Given(variable, "SOPHIA_CLUSTER") is not { } name ? null : new ClusterOptions
    {
        Name = name,
        Address = Given(variable, "SOPHIA_SILO_ADDRESS") is { } address ? AddressOf(address) : IPAddress.Loopback,
        SiloPort = Number(variable, "SOPHIA_SILO_PORT", 11_111),
        GatewayPort = Number(variable, "SOPHIA_GATEWAY_PORT", 30_000),
        SiloName = Given(variable, "SOPHIA_SILO_NAME"),
        Labels = Labels(Given(variable, "SOPHIA_SILO_LABELS") ?? ""),
        Pace = Word<MembershipPace>(variable, "SOPHIA_MEMBERSHIP"),
    };

    public static SophiaRole Role(Func<string, string?> variable) => Word<SophiaRole>(variable, "SOPHIA_ROLE");

    private static string? Given(Func<string, string?> variable, string name) => variable(name) is { Length: > 0 } value ? value : null;

    private static T Word<T>(Func<string, string?> variable, string name) where T : struct, Enum => Given(variable, name) is not { } word ? default
        : Enum.TryParse<T>(word, ignoreCase: true, out var value) && !char.IsAsciiDigit(word[0]) ? value
        : throw new StartRefusedException($"{name} is one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}; \"{word}\" is not.");

    private static int Number(Func<string, string?> variable, string name, int otherwise) => Given(variable, name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new StartRefusedException($"{name} is a number; \"{text}\" is not.");

    // A pod or container is told its host's name more easily than its address.
    private static IPAddress AddressOf(string text)
    {
        if (IPAddress.TryParse(text, out var address))
            return address;
        try
        {
            return Dns.GetHostAddresses(text).First(a => a.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork);
        }
        catch (Exception unknown) when (unknown is System.Net.Sockets.SocketException or InvalidOperationException)
        {
            throw new StartRefusedException($"SOPHIA_SILO_ADDRESS \"{text}\" is no address, and no name of one.", unknown);
        }
    }

    private static Dictionary<string, string> Labels(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(label => label.Split('=', 2) is [{ Length: > 0 } key, { Length: > 0 } value] ? (key, value)
            : throw new StartRefusedException($"SOPHIA_SILO_LABELS is a list like gpu=gh200,zone=a; \"{label}\" does not fit."))
        .ToDictionary(label => label.key, label => label.value, StringComparer.Ordinal);
}
