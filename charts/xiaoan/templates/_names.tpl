{{- define "xiaoan.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "xiaoan.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "xiaoan.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "xiaoan.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change: selectors. Call with (dict "root" $ "component" "cases"). */}}
{{- define "xiaoan.selector" -}}
app.kubernetes.io/name: {{ include "xiaoan.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "xiaoan.labels" -}}
{{ include "xiaoan.selector" . }}
app.kubernetes.io/part-of: xiaoan
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "xiaoan.image" -}}
{{- $image := .Values.image -}}
{{- with .Values.global.imageRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default .Chart.AppVersion $image.tag }}{{ end -}}
{{- end -}}

{{/* What migrations note and pods wait for when nobody orders them. */}}
{{- define "xiaoan.release" -}}
{{ .Chart.Version }} {{ include "xiaoan.image" . }}
{{- end -}}

{{- define "xiaoan.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* DNS name by which the services of a release call one of them. (dict "root" $ "name" "cases" "settings" $service) */}}
{{- define "xiaoan.host" -}}
{{- $headless := eq .settings.service.internal "headless" -}}
{{ include "xiaoan.fullname" .root }}-{{ .name }}{{ if $headless }}-headless{{ end }}.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end -}}

{{- define "xiaoan.url" -}}
https://{{ include "xiaoan.host" . }}:7100
{{- end -}}

{{- define "xiaoan.tlsSecret" -}}
{{- if .settings.tls.existingSecret -}}{{ .settings.tls.existingSecret }}
{{- else if .root.Values.tls.certManager.enabled -}}{{ include "xiaoan.fullname" .root }}-{{ .name }}-tls
{{- else -}}{{ .root.Values.tls.existingSecret }}{{- end -}}
{{- end -}}

{{- define "xiaoan.serviceAccount" -}}
{{- if .settings.serviceAccount.name -}}{{ .settings.serviceAccount.name }}
{{- else if .settings.serviceAccount.create -}}{{ include "xiaoan.fullname" .root }}-{{ .name }}
{{- else -}}default{{- end -}}
{{- end -}}
