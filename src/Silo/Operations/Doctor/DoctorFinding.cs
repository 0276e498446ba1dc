using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Operations;

/// <summary>How a thing is that Sophia can want of a machine.</summary>
internal enum FindingState
{
    /// <summary>It is there, as it should be.</summary>
    Ok = 0,

    /// <summary>It works, and something about it should be mended.</summary>
    Warning = 1,

    /// <summary>It is needed and not there: something that is set up here will not work.</summary>
    Missing = 2,

    /// <summary>It is not there, and nothing that is set up here wants it.</summary>
    NotNeeded = 3,
}

/// <summary>One line of what the doctor says. No text in it holds a secret.</summary>
/// <param name="Part">What was looked at.</param>
/// <param name="Seen">What is there.</param>
/// <param name="Why">What it is for.</param>
/// <param name="Do">What to do about it; null where nothing is to be done.</param>
internal sealed record DoctorFinding(string Part, FindingState State, string Seen, string Why, string? Do = null);

/// <param name="Ok">Whether nothing that is needed is missing.</param>
internal sealed record Diagnosis(bool Ok, IReadOnlyList<DoctorFinding> Findings)
{
    public static Diagnosis Of(IReadOnlyList<DoctorFinding> findings) => new(findings.All(finding => finding.State != FindingState.Missing), findings);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(Diagnosis))]
internal sealed partial class DoctorJson : JsonSerializerContext;
