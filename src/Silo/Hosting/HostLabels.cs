using System.Diagnostics;

namespace Sophia.Hosting;

/// <summary>What a machine says of itself: the GPU that nvidia-smi reports, as gpu=gh200. What the operator says goes first (gpu=none: none).</summary>
internal static class HostLabels
{
    private const string Gpu = "gpu";

    /// <summary>How long nvidia-smi may take; it hangs where a driver does. Default 3 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The longest line that is a GPU's name, in characters.</summary>
    private const int LongestName = 1_000;

    /// <summary>The labels given, and those of the machine under names that are not.</summary>
    public static Dictionary<string, string> With(IReadOnlyDictionary<string, string> given)
    {
        var labels = new Dictionary<string, string>(given, StringComparer.Ordinal);
        if (!labels.ContainsKey(Gpu) && DetectGpu(Environment.GetEnvironmentVariable("PATH") ?? "", Patience) is { } gpu)
            labels[Gpu] = gpu;
        return labels;
    }

    /// <summary>The machine's first GPU as a label's value; null where there is none, or nvidia-smi is absent, fails, or does not end.</summary>
    public static string? DetectGpu(string path, TimeSpan patience)
    {
        var program = path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "nvidia-smi.exe" : "nvidia-smi")).FirstOrDefault(File.Exists);
        if (program is null)
            return null;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["--query-gpu=name", "--format=csv,noheader"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            var (said, began) = (FirstLine(process.StandardOutput), Stopwatch.GetTimestamp());
            if (process.WaitForExit(patience)) // What it left running may hold its output open for ever.
                return process.ExitCode == 0 && said.Wait(patience - Stopwatch.GetElapsedTime(began) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero) ? LabelOf(said.Result) : null;
            process.Kill(entireProcessTree: true);
            return null;
        }
        catch (Exception absent) when (absent is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task<string> FirstLine(StreamReader output)
    {
        var (text, length) = (new char[LongestName], 0);
        while (length < text.Length && Array.IndexOf(text, '\n', 0, length) < 0 && await output.ReadAsync(text.AsMemory(length)) is > 0 and var more)
            length += more;
        return new string(text, 0, length).Split('\n')[0];
    }

    /// <summary>"NVIDIA GH200 480GB" is gh200, "NVIDIA A100-SXM4-80GB" a100, "NVIDIA GeForce RTX 4090" rtx-4090: the first word with a digit, before its form, with the family where that is no more than a number.</summary>
    internal static string? LabelOf(string name)
    {
        var words = name.ToLowerInvariant().Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split('-')[0]).ToList();
        var at = words.FindIndex(word => word.Any(char.IsAsciiDigit) && word.All(char.IsAsciiLetterOrDigit));
        return at < 0 ? null : at > 0 && words[at].All(char.IsAsciiDigit) ? $"{words[at - 1]}-{words[at]}" : words[at];
    }
}
