# Installs Sophia for this account on Windows. Needs no administrator and touches nothing but the folder that it names and the account's path.
#   install.ps1 [-From FOLDER|URL] [-To FOLDER] [-Uninstall]     From: where the archives lie; default: beside this script. The data stays at an uninstall.
param([string]$From = $PSScriptRoot, [string]$To = "$env:LOCALAPPDATA\Programs\sophia", [switch]$Uninstall)
$ErrorActionPreference = 'Stop'
$mark = Join-Path $To '.sophia-installed'
$path = @(([Environment]::GetEnvironmentVariable('Path', 'User') -split ';') | Where-Object { $_ -and $_ -ne $To })

if ($Uninstall) {
  if (-not (Test-Path $mark)) { throw "There is no Sophia in $To." }
  [Environment]::SetEnvironmentVariable('Path', ($path -join ';'), 'User')
  Remove-Item $To -Recurse -Force
  "Sophia is gone from $To. Your data stays where it was (by default $env:LOCALAPPDATA\sophia)."
  return
}

if (-not $From) { throw 'Say where the archives lie: -From FOLDER or -From https://...' }
if ((Test-Path $To) -and -not (Test-Path $mark) -and (Get-ChildItem $To -Force)) { throw "$To holds something else already; choose another folder with -To." }
New-Item $To -ItemType Directory -Force | Out-Null
$new = Join-Path ([IO.Path]::GetTempPath()) "sophia-install-$PID"
New-Item $new -ItemType Directory -Force | Out-Null
function Get-Part($name) {
  $target = Join-Path $new $name
  if ($From -match '^https?://') { Invoke-WebRequest "$($From.TrimEnd('/'))/$name" -OutFile $target -UseBasicParsing } else { Copy-Item (Join-Path $From $name) $target }
  $target
}

try {
  $lines = Get-Content (Get-Part 'SHA256SUMS')
  $line = $lines | Where-Object { $_ -match 'sophia-\S*-win-x64\.tar\.gz$' } | Select-Object -Last 1
  if (-not $line) { $line = $lines | Where-Object { $_ -match 'sophia-\S*-any\.tar\.gz$' } | Select-Object -Last 1 }
  if (-not $line) { throw "$From has no archive for Windows." }
  $wanted, $archive = $line -split '\s+\*?', 2
  $file = Get-Part $archive
  if ((Get-FileHash $file -Algorithm SHA256).Hash -ne $wanted) { throw "$archive is not what SHA256SUMS says: nothing was installed." }
  tar -C $new -xzf $file
  if ($LASTEXITCODE) { throw "$archive cannot be unpacked." }
  Get-ChildItem $To -Force | Remove-Item -Recurse -Force
  Copy-Item (Join-Path $new ($archive -replace '\.tar\.gz$') '*') $To -Recurse
  New-Item $mark -ItemType File -Force | Out-Null
  [Environment]::SetEnvironmentVariable('Path', (($path + $To) -join ';'), 'User')
  "Sophia is in $To and on your account's path, in terminals that are opened from now on."
  'Begin with: sophia up        What may be missing: sophia doctor        Remove it: install.ps1 -Uninstall'
}
finally { Remove-Item $new -Recurse -Force }
