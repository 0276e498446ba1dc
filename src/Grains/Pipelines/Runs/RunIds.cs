using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Names of runs: "crm-20260102-030405-17" (the pipeline's 17th), or, for an operation id, one that the same operation always gets.</summary>
internal static class RunIds
{
    public static string New(string pipeline, DateTimeOffset now, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{pipeline}-{now.UtcDateTime:yyyyMMdd-HHmmss}-{number}");

    public static string Of(TenantKey pipeline, string operationId) =>
        $"{pipeline.Name}-op-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{pipeline}\n{operationId}")))[..24]}";
}
