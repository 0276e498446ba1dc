namespace Sophia.Pipelines;

/// <summary>What a connector sees of Sophia's environment: what programs need to find their way, and no secret of Sophia's.</summary>
internal static class ConnectorEnvironment
{
    public static readonly IReadOnlyList<string> Usual =
    [
        "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SystemRoot", "JAVA_HOME", "DOTNET_ROOT", "DOCKER_HOST", "DOCKER_CONFIG",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
    ];

    public static void Apply(IDictionary<string, string?> target, IReadOnlyList<string> passed)
    {
        target.Clear();
        foreach (var name in Usual.Concat(passed))
            if (Environment.GetEnvironmentVariable(name) is { } value)
                target[name] = value;
    }
}
